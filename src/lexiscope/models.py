"""Loading models and tokenizers with transformers, quietly, on the right device."""

from __future__ import annotations

from typing import Any, Literal, get_args

from lexiscope.checkpoint import Checkpoint
from lexiscope.errors import LexiscopeError

Device = Literal["auto", "cpu", "cuda", "mps"]
DEVICES: tuple[Device, ...] = get_args(Device)
DEFAULT_WINDOW = 512


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
    """Load model and tokenizer with transformers, quietly."""
    folder = checkpoint.model_folder()
    import torch
    import transformers
    from transformers.utils import logging as chatter

    chatter.set_verbosity_error()
    chatter.disable_progress_bar()
    config = transformers.AutoConfig.from_pretrained(
        folder, trust_remote_code=checkpoint.trust_remote_code
    )
    kind = (
        transformers.AutoModelForTextEncoding
        if config.is_encoder_decoder
        else transformers.AutoModel
    )
    try:
        model = kind.from_pretrained(
            folder,
            dtype=getattr(torch, dtype),
            trust_remote_code=checkpoint.trust_remote_code,
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            folder, trust_remote_code=checkpoint.trust_remote_code
        )
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise LexiscopeError(
            f"{checkpoint.name}: transformers cannot load it: {str(error).splitlines()[0]}"
        ) from error
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise LexiscopeError(
            f"{checkpoint.name}: its tokenizer does not tell where its tokens stand in a text "
            "(it has no fast version); words in context cannot be found with it"
        )
    backend.no_truncation()
    backend.no_padding()
    return model.to(device).eval(), backend


def layer_modules(model: Any, path: str | None) -> list[Any]:
    """Return the modules that are called once a layer, by the family's path or by their number."""
    import torch

    depth = model.config.num_hidden_layers
    if path:
        module = model
        for name in path.split("."):
            module = getattr(module, name, None)
        if isinstance(module, torch.nn.ModuleList):
            return list(module)
    for module in model.modules():
        if isinstance(module, torch.nn.ModuleList) and len(module) == depth:
            return list(module)
    raise LexiscopeError(
        f"{type(model).__name__}: cannot tell its {depth} layers apart; "
        "the tables of this checkpoint can be built without texts"
    )


def special_tokens(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Return the tokens that the tokenizer puts before and after a text."""
    encoding = tokenizer.encode("a")
    content = [place for place, special in enumerate(encoding.special_tokens_mask) if not special]
    if not content:
        return [], []
    return encoding.ids[: content[0]], encoding.ids[content[-1] + 1 :]


def reading_width(checkpoint: Checkpoint, config: Any) -> int:
    """Return the most tokens the model can read at once, special tokens counted."""
    positions = checkpoint.tables["position"].shape
    if positions:
        return positions[0] - checkpoint.family.position_offset
    for name in ("max_position_embeddings", "n_positions"):
        if getattr(config, name, None):
            return int(getattr(config, name))
    return DEFAULT_WINDOW
