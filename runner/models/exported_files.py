"""The formats of exported networks, chosen by name or by the suffix of a file."""

from collections.abc import Callable
from pathlib import Path

from fitgap.runner.errors import ModelError
from fitgap.runner.models.model_files import save_model
from fitgap.runner.models.named_model import NamedModel
from fitgap.runner.models.onnx_files import save_onnx

FORMATS: dict[str, Callable[[NamedModel, Path, int], None]] = {"npz": save_model, "onnx": save_onnx}


def save_as(path: Path, name: str | None = None) -> Callable[[NamedModel, Path, int], None]:
    """The function that writes a network in the named format, else in that of the suffix, else as `npz`.

    Raises ModelError for an unknown name or suffix, or if the two differ.
    """
    suffix = path.suffix.lower().removeprefix(".")
    if name is not None and name not in FORMATS:
        raise ModelError(f"there is no format {name!r}; known: {', '.join(FORMATS)}")
    if suffix in FORMATS and name not in (None, suffix):
        raise ModelError(f"{path}: the suffix is that of the format {suffix}, not {name}; change one of them")
    if name is None and suffix and suffix not in FORMATS:
        rule = f"{path}: networks are written as .npz or .onnx, but the suffix is {path.suffix}"
        raise ModelError(f"{rule}; choose one of these, or name the format with --format")
    return FORMATS[name or suffix or "npz"]
