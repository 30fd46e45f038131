"""Runs the code of a page of the documentation: `python docs_page.py PAGE` in a folder of its own.

Blocks run in their order. Those in Python share one namespace, as in a notebook; of those for the
shell each command runs by itself. What serves until Ctrl-C is started, looked at and interrupted.
"""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

BLOCK = re.compile(r"^( *)```(sh|python)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
# What the tests themselves are a run of, or what has set up the environment that they run in.
DONE_ALREADY = (
    "make test",
    "make setup",
    "make lint",
    "pip install",
    "git clone",
    "cd ",
    "make bench",
)
SAME_AS = {
    "make demo": "lexiscope demo --no-view",
    "lexiscope demo": "lexiscope demo --no-view",
}
SERVES = ("lexiscope view", "lexiscope tensorboard", "embedding-atlas", "jupyter lab")
SECONDS = 240


def blocks(text: str) -> list[tuple[str, str]]:
    """Return the language and the code of every block that can be run."""
    return [
        (language, re.sub(f"^{indent}", "", code, flags=re.MULTILINE))
        for indent, language, code in BLOCK.findall(text)
    ]


def commands(code: str) -> list[str]:
    """Return the commands of a block for the shell, without comments."""
    lines = code.replace("\\\n", " ").splitlines()
    return [line for line in (re.sub(r"(^|\s)#\s.*", "", line).strip() for line in lines) if line]


def run(command: str) -> None:
    """Run one command; fail as it fails."""
    print(f"$ {command}", flush=True)
    command = SAME_AS.get(command, command)
    parts = [part.strip() for part in command.split("&&")]
    parts = [part for part in parts if not part.startswith(DONE_ALREADY)]
    if not parts:
        return
    command = " && ".join(parts)
    if command.startswith(SERVES):
        serve(command)
        return
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], timeout=SECONDS, check=False)
    if done.returncode:
        sys.exit(f"{command}: exit code {done.returncode}")


def serve(command: str) -> None:
    """Start a server on a free port, wait for its address, end it."""
    free = f"{command} --port 0"
    with subprocess.Popen(
        shlex.split(free), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        said = ""
        assert process.stdout is not None
        for line in process.stdout:
            said += line
            if "http://" in line:
                break
        process.send_signal(signal.SIGINT)
        said += process.stdout.read()
    if "http://127.0.0.1" not in said and "http://localhost" not in said:
        sys.exit(f"{command} did not serve: {said}")


def main(page: Path) -> None:
    """Run a page's blocks."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    for language, code in blocks(page.read_text(encoding="utf-8")):
        if language == "sh":
            for command in commands(code):
                run(command)
        else:
            print(">>> " + code.replace("\n", "\n    "), flush=True)
            exec(compile(code, str(page), "exec"), namespace)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
