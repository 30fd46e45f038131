"""Loading models and tokenizers with transformers, quietly, and running their layers."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from lexiscope.checkpoint import Checkpoint
from lexiscope.errors import LexiscopeError
from lexiscope.families import Family

if TYPE_CHECKING:
    import torch

Device = Literal["auto", "cpu", "cuda", "mps"]

DEFAULT_WINDOW = 512
"""Tokens read at once by a model that names no limit, such as T5."""

LONGEST_WINDOW = 2048
"""The most tokens read at once, whatever a model allows.

A rotary model may claim 131,072 positions, but attention's memory grows with their square (some
models hold it whole: 200 MB a layer here, 800 GB there), and a word's sense is settled by far
fewer. The same on every device, so that the device changes no vector.
"""


def resolve_device(asked: Device = "auto") -> str:
    """Return the device that will be used.

    Raises
    ------
    LexiscopeError
        For one that this machine has not.
    """
    import torch

    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.mps.is_available()}
    if asked == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if there[name])
    if not there.get(asked, False):
        usable = ", ".join(name for name, is_there in there.items() if is_there)
        raise LexiscopeError(f"device {asked}: not on this machine; it has {usable}")
    return asked


def resolve_dtype(asked: str, device: str) -> str:
    """Return the number format that will be used: bfloat16 on a GPU that has it."""
    import torch

    if asked != "auto":
        return asked
    return "bfloat16" if device == "cuda" and torch.cuda.is_bf16_supported() else "float32"


def load(checkpoint: Checkpoint, dtype: str, device: str) -> tuple[Any, Any]:
    """Load the part of a model that text goes through, and its tokenizer, quietly.

    Returns
    -------
    model : transformers.PreTrainedModel
        On the device, in evaluation mode.
    tokenizer : tokenizers.Tokenizer
        It neither cuts nor pads.

    Raises
    ------
    LexiscopeError
        When transformers cannot load it, when weights are missing (transformers would fill them
        with random numbers), or when its tokenizer cannot tell places in a text.
    """
    folder = checkpoint.model_folder()
    import torch
    import transformers

    options = {"trust_remote_code": checkpoint.trust_remote_code}
    try:
        with _quiet():
            config = transformers.AutoConfig.from_pretrained(folder, **options)
            has_encoder = type(config) in transformers.MODEL_FOR_TEXT_ENCODING_MAPPING
            model, report = (
                transformers.AutoModelForTextEncoding if has_encoder else transformers.AutoModel
            ).from_pretrained(
                folder, dtype=getattr(torch, dtype), output_loading_info=True, **options
            )
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **options)
    # What transformers raises for files that do not fit is of many kinds, KeyError among them.
    except Exception as error:
        told = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise LexiscopeError(
            f"{checkpoint.name}: transformers cannot load it: {told[0]}"
        ) from error
    # No hidden state depends on a pooler, and many checkpoints leave it out.
    missing = sorted(key for key in report["missing_keys"] if "pooler" not in key.split("."))
    if missing:
        raise LexiscopeError(
            f"{checkpoint.name}: {len(missing)} of its model's weights are not in its files, the "
            f"first of them {missing[0]}; words in context cannot be read with it"
        )
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise LexiscopeError(
            f"{checkpoint.name}: its tokenizer does not tell where its tokens stand in a text "
            "(it has no fast version); words in context cannot be found with it"
        )
    backend.no_truncation()
    backend.no_padding()
    if model.config.is_encoder_decoder and not has_encoder:
        model = model.get_encoder()
    model = getattr(model, "language_model", model)
    # What a checkpoint's author asked to be returned besides would only fill the memory.
    model.config.use_cache = False
    model.config.output_hidden_states = False
    try:
        return model.to(device).eval(), backend
    except RuntimeError as error:
        raise LexiscopeError(
            f"{checkpoint.name} does not fit on {device}; use another --device"
        ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers' reports and progress bars off the screen."""
    from transformers.utils import logging as chatter

    verbosity, has_bars = chatter.get_verbosity(), chatter.is_progress_bar_enabled()
    chatter.set_verbosity_error()
    chatter.disable_progress_bar()
    try:
        yield
    finally:
        chatter.set_verbosity(verbosity)
        if has_bars:
            chatter.enable_progress_bar()


def layer_modules(model: Any, family: Family) -> list[torch.nn.Module]:
    """Return the modules that are called once a layer; none where the family does not tell."""
    import torch

    path = ".".join(name for name in (family.stack, family.layers) if name)
    try:
        found = model.get_submodule(path)
    except AttributeError:
        return []
    return list(found) if isinstance(found, torch.nn.ModuleList) else []


class _Enough(Exception):  # noqa: N818 - no error: it ends a forward pass that has given all
    pass


class Layers:
    """A model's layers, watched: each layer's output is handed over as it passes.

    Several threads may run the same model at once; each is handed its own.

    Parameters
    ----------
    model : transformers.PreTrainedModel
    modules : sequence of torch.nn.Module
        What `layer_modules` found. With none, transformers collects the layers, and all are run.
    """

    def __init__(self, model: Any, modules: Sequence[torch.nn.Module]) -> None:
        self.model = model
        self.depth = layer_count(model)
        self.modules = modules
        self._run = threading.local()
        for module in modules:
            module.register_forward_pre_hook(self._before, with_kwargs=True)

    def run(
        self,
        inputs: Mapping[str, torch.Tensor],
        keep: Callable[[int, torch.Tensor], None],
        highest: int,
    ) -> None:
        """Run the model up to a layer.

        Parameters
        ----------
        inputs : mapping
            Keyword arguments of the model.
        keep : callable
            Called with the number of a layer and its output; 0 is the embedding layer.
        highest : int
            Layers above are not run.
        """
        if not self.modules:
            states = self.model(**inputs, output_hidden_states=True, return_dict=True).hidden_states
            if states is None or len(states) != self.depth + 1:
                raise LexiscopeError(
                    f"{type(self.model).__name__}: cannot tell its {self.depth} layers apart"
                )
            for number, state in enumerate(states):
                keep(number, state)
            return
        self._run.layer, self._run.keep, self._run.highest = 0, keep, highest
        try:
            with contextlib.suppress(_Enough):
                keep(self.depth, self.model(**inputs, return_dict=True).last_hidden_state)
        finally:
            self._run.keep = None

    def _before(self, _: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        # A layer's input is the output of the one below, and what transformers calls its state.
        run = self._run
        if getattr(run, "keep", None) is None:
            return
        run.keep(run.layer, args[0] if args else kwargs["hidden_states"])
        if run.layer == run.highest and run.highest < self.depth:
            raise _Enough
        run.layer += 1


def layer_count(model: Any) -> int:
    """Return the number of the last layer, the embedding layer being 0."""
    return int(model.config.num_hidden_layers)


def chosen_layers(asked: tuple[int, ...] | None, depth: int) -> tuple[int, ...]:
    """Return the numbers of the layers asked for, ascending; -1 is the last, None means all.

    Raises
    ------
    LexiscopeError
        For a layer that the model has not, and for none.
    """
    if asked is None:
        return tuple(range(depth + 1))
    wrong = [layer for layer in asked if not -depth - 1 <= layer <= depth]
    if wrong or not asked:
        raise LexiscopeError(f"layer {wrong[0] if wrong else '(none)'}: the model has 0 to {depth}")
    return tuple(sorted({layer % (depth + 1) for layer in asked}))


def table_rows(model: Any) -> int:
    """Return the number of rows of the model's word table."""
    return len(model.get_input_embeddings().weight)


def padding_token(model: Any) -> int:
    """Return a token to fill short texts with; any will do where the model names none."""
    padding = getattr(model.config, "pad_token_id", None)
    return padding if isinstance(padding, int) and 0 <= padding < table_rows(model) else 0


def special_tokens(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Return the tokens that the tokenizer puts before and after a text."""
    encoding = tokenizer.encode("a")
    content = [place for place, special in enumerate(encoding.special_tokens_mask) if not special]
    if not content:
        return [], []
    return encoding.ids[: content[0]], encoding.ids[content[-1] + 1 :]


def reading_width(checkpoint: Checkpoint, config: Any) -> int:
    """Return the most tokens the model reads at once, special tokens counted."""
    positions = checkpoint.tables["position"].shape
    family = checkpoint.family
    offset = family.position_offset
    if not family.layers:
        # Of an unknown family the offset is unknown too; where there is one, it is this.
        padding = getattr(config, "pad_token_id", None)
        offset = padding + 1 if padding is not None and 0 <= padding < 8 else 0
    limits = [positions[0] - offset] if positions else []
    limits += [getattr(config, name, 0) for name in ("max_position_embeddings", "n_positions")]
    given = next((limit for limit in limits if limit and limit > 0), DEFAULT_WINDOW)
    return min(int(given), LONGEST_WINDOW)
