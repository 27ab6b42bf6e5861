"""Reading and writing of model files.

A model file is an `.npz` that can be read with NumPy alone. docs/reference/model-file.md describes its layout.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from fitgap.core.activations import ACTIVATIONS
from fitgap.core.layers import LAYERS
from fitgap.core.layers.dense import Dense
from fitgap.core.layers.layer import Layer
from fitgap.core.layers.listed_layer import ListedLayer
from fitgap.core.losses import LOSSES
from fitgap.core.model import Model, ModelLayer
from fitgap.core.scaling import Scaling
from fitgap.core.target_coding import READINGS
from fitgap.runner.data import Treatment
from fitgap.runner.data.bounds import check_file_size, check_growth
from fitgap.runner.errors import DataError, ModelError, OutputError
from fitgap.runner.files.array_archives import read_arrays
from fitgap.runner.files.output_files import READABLE, written_file
from fitgap.runner.models.named_model import NamedModel, name_of, read_transform

# Format 1 has no input limits. Format 3 is only for networks with padding or with layers that are not dense, so that
# earlier versions can read all others.
FORMAT, LAYERED_FORMAT = "fitgap model 2", "fitgap model 3"
READABLE_FORMATS = ("fitgap model 1", FORMAT, LAYERED_FORMAT)
DENSE = "dense"


def save_model(named: NamedModel, path: Path, rights: int = READABLE) -> None:
    """Write a model file; an existing file is replaced only once the new one is complete.

    A new file gets at most these permissions. Raises ModelError if the path cannot be written.
    """
    model = named.model
    arrays: dict[str, Any] = {"description": np.array(json.dumps(description(named), ensure_ascii=False))}
    for number, layer in enumerate(model.layers, start=1):
        arrays |= dict(zip(weight_names(number), layer.weights, strict=False))
        if layer.layer.has_parameters:
            arrays[f"biases_{number}"] = layer.biases
    transform, scaling = model.inputs_transform, model.targets_scaling
    arrays |= {"input_fill": transform.fill, "input_shift": transform.shift, "input_factor": transform.factor}
    unlimited = np.full(len(named.input_names), np.inf)
    arrays |= {
        "input_low": -unlimited if transform.low is None else transform.low,
        "input_high": unlimited if transform.high is None else transform.high,
    }
    arrays |= {"target_shift": scaling.shift, "target_factor": scaling.factor}
    try:
        with written_file(path, rights) as part, part.open("wb") as file:
            np.savez(file, **arrays)
    except OutputError as error:
        raise ModelError(str(error)) from None


def description(named: NamedModel) -> dict[str, Any]:
    """Everything in a model that is not an array."""
    model = named.model
    kinds = layer_kinds(model)
    return {
        "format": LAYERED_FORMAT if kinds else FORMAT,
        "layers": [layer_description(layer) for layer in model.layers],
        **({"input_axes": list(model.layers[0].shape), "kinds": kinds} if kinds else {}),
        **({"is_padded": True} if model.is_padded else {}),
        "loss": name_of(model.loss, LOSSES),
        "reading": {"name": name_of(model.reading, READINGS), **model.reading.settings()},
        "input_names": list(named.input_names),
        "text_columns": {name: list(categories) for name, categories in named.text_columns.items()},
        "target_names": list(named.target_names),
        "class_names": list(named.class_names),
        "fills_missing": named.fills_missing,
        "treatment": named.treatment.as_json() if named.treatment else None,
    }


def layer_kinds(model: Model) -> list[dict[str, Any]]:
    """The kind of every layer with its settings; empty if all are dense and sequences are not padded."""
    if not model.is_padded and all(isinstance(each.layer, Dense) for each in model.layers):
        return []
    return [
        {"name": each.layer.word, **each.layer.settings()} if isinstance(each.layer, ListedLayer) else {"name": DENSE}
        for each in model.layers
    ]


def layer_description(layer: ModelLayer) -> list[dict[str, Any]]:
    """The functions of a layer: name, units `from` (included) to `to` (excluded), β and γ."""
    return [
        {"name": name_of(function, ACTIVATIONS), "from": units.start, "to": units.stop, **numbers}
        for function, units, numbers in layer.functions
    ]


def load_model(path: Path) -> NamedModel:
    """Read a model file. Raises ModelError if it is not a valid one."""
    if path.suffix == ".onnx":
        rule = "an ONNX file is for other programs, such as onnxruntime"
        raise ModelError(f"{path}: {rule}; to predict here, name the trial, or export it as an .npz file")
    try:
        arrays = read_model_arrays(path)
        described = json.loads(str(arrays["description"]))
        if described["format"] not in READABLE_FORMATS:
            found = described["format"]
            raise ModelError(
                f"{path} has the format {found!r}, but this program reads {LAYERED_FORMAT!r}; update fitgap"
            )
        named = assembled(arrays, described)
        # A test prediction fails if the arrays do not fit together.
        named.model.predict(np.zeros((1, len(named.input_names))))
        return named
    except ModelError:
        raise
    # The file or its unpacked content is too large.
    except DataError as error:
        found = str(error).removeprefix(f"{path}: ").partition("; ")[0]
        raise not_a_model(path, f": {found}") from None
    except FileNotFoundError:
        raise ModelError(f"there is no file {path}; `fitgap export TRIAL -o {path}` creates one") from None
    except (IsADirectoryError, PermissionError) as error:
        raise not_a_model(path, f": {error.strerror}") from None
    # With a damaged archive, zipfile, zlib, NumPy and the code above may raise almost any exception.
    except Exception:
        raise not_a_model(path, " or is damaged") from None


def not_a_model(path: Path, why: str) -> ModelError:
    """The error for a file that is not a model. Its advice uses another name, since this one may be a data file."""
    rule = f"{path} is not a fitgap model file{why}"
    return ModelError(f"{rule}; name a trial, or write a model with `fitgap export TRIAL -o model.npz`")


def read_model_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file; their sizes are checked before any is read."""
    # Opening a pipe would block forever.
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise ModelError(f"{path} is not a file; name a model file, created by `fitgap export TRIAL -o model.npz`")
    size = path.stat().st_size
    check_file_size(str(path), size)
    return read_arrays(path.read_bytes(), lambda read: check_growth(str(path), read, size))


def assembled(arrays: dict[str, np.ndarray], described: dict[str, Any]) -> NamedModel:
    """The model in a file, from its arrays and its description."""
    reading = dict(described["reading"])
    model = Model(
        layers=read_layers(arrays, described),
        inputs_transform=read_transform(arrays),
        targets_scaling=Scaling(arrays["target_shift"], arrays["target_factor"]),
        loss=LOSSES[described["loss"]](),
        reading=READINGS[reading.pop("name")].from_settings(reading),
        class_count=len(described["class_names"]),
        is_padded=described.get("is_padded", False),
    )
    return NamedModel(
        model,
        tuple(described["input_names"]),
        {name: tuple(categories) for name, categories in described["text_columns"].items()},
        tuple(described["target_names"]),
        tuple(described["class_names"]),
        fills_missing=described["fills_missing"],
        # Files of fitgap 0.1 have none.
        treatment=Treatment.from_json(described["treatment"]) if described.get("treatment") else None,
    )


def read_layers(arrays: dict[str, np.ndarray], described: dict[str, Any]) -> tuple[ModelLayer, ...]:
    """The layers in a file. Raises ValueError if they do not fit together."""
    layers: list[ModelLayer] = []
    shape = tuple(described.get("input_axes") or (len(described["input_names"]),))
    kinds = described.get("kinds") or [{"name": DENSE} for _ in described["layers"]]
    for number, (functions, kind) in enumerate(zip(described["layers"], kinds, strict=True), start=1):
        biases = arrays.get(f"biases_{number}", np.empty(0))
        layer = read_kind(kind, len(biases))
        blocks = layer.blocks(shape)
        weights = tuple(arrays[name] for name, _ in zip(weight_names(number), blocks, strict=False))
        if layer.has_parameters and len(biases) != layer.bias_count(shape):
            raise ValueError(f"layer {number} has {len(biases)} biases")
        if [each.shape for each in weights] != [(block.outputs, block.inputs) for block in blocks]:
            raise ValueError(f"layer {number} has weights of another shape")
        layers.append(ModelLayer(layer, shape, weights, biases, tuple(map(read_function, functions))))
        shape = layer.output_shape(shape)
    return tuple(layers)


def weight_names(number: int) -> tuple[str, str]:
    """The names of the arrays with the weight blocks of a layer; only recurrent layers have the second one."""
    return f"weights_{number}", f"recurrent_weights_{number}"


def read_kind(kind: dict[str, Any], units: int) -> Layer:
    """The layer that `kind` describes; a dense one has this number of units."""
    settings = dict(kind)
    name = settings.pop("name")
    return Dense(units) if name == DENSE else LAYERS[name].from_settings(settings)


def read_function(described: dict[str, Any]) -> tuple[Any, slice, dict[str, float]]:
    numbers = {name: value for name, value in described.items() if name not in ("name", "from", "to")}
    return ACTIVATIONS[described["name"]](), slice(described["from"], described["to"]), numbers
