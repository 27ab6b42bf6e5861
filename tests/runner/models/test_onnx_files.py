"""Exported ONNX files give the same predictions in ONNX Runtime as the network itself."""

import builtins
import dataclasses
import json

import numpy as np
import onnx
import onnxruntime
import pytest
from fitgap import open_store
from fitgap.core.activations import ACTIVATIONS
from fitgap.core.layers.dense import Dense
from fitgap.core.losses import LOSSES, SigmoidCrossEntropy
from fitgap.core.model import Model, ModelLayer
from fitgap.core.scaling import InputTransform, Scaling
from fitgap.core.target_coding import READINGS
from fitgap.runner.errors import ModelError, StoreError
from fitgap.runner.models.exported_files import FORMATS, save_as
from fitgap.runner.models.model_files import load_model
from fitgap.runner.models.named_model import NamedModel
from fitgap.runner.models.onnx_files import onnx_model
from fitgap.runner.models.onnx_functions import FUNCTIONS
from fitgap.runner.models.predictions import predictions

INPUTS, HIDDEN, CLASSES = 4, 7, 3
RANDOM = np.random.default_rng(1)
FIRST_STATE = RANDOM.bit_generator.state


@pytest.fixture(autouse=True)
def drawn_anew():
    """Every test draws the same numbers, whichever tests run before it in the same process."""
    RANDOM.bit_generator.state = FIRST_STATE


def layer(inputs, outputs, functions, dtype):
    """A layer whose units are divided equally among the functions, with random β and γ."""
    borders = np.linspace(0, outputs, len(functions) + 1).astype(int)
    chosen = [
        (
            kind(),
            slice(int(start), int(stop)),
            {name: float(RANDOM.uniform(0.3, 2)) for name in ("beta", "gamma") if name in kind.parameters()},
        )
        for kind, start, stop in zip(functions, borders, borders[1:], strict=False)
    ]
    weights, biases = RANDOM.normal(size=(outputs, inputs)), RANDOM.normal(size=outputs)
    shape = (weights.shape[1],)
    return ModelLayer(Dense(len(biases)), shape, (weights.astype(dtype),), biases.astype(dtype), tuple(chosen))


def network(
    *, hidden=("relu",), reading="numbers", loss="half_squared_error", dtype="float64", classes=CLASSES, fills=False
):
    """A network whose inputs have very different scales; one of them is limited and one is constant."""
    kind = READINGS[reading]()
    classes = classes if kind.for_classes else 0
    outputs = kind.output_count(classes, 2)
    transform = InputTransform(
        np.array([1.0, 2.0, 3.0, 4.0]) if fills else np.full(INPUTS, np.nan),
        np.array([0.0, 1e3, -5.0, 7.0]),
        np.array([1.0, 1e-3, 0.5, 0.0]),
        np.array([-1.5, -np.inf, -np.inf, -np.inf]),
        np.array([1.5, np.inf, np.inf, np.inf]),
    )
    layers = (
        layer(INPUTS, HIDDEN, [ACTIVATIONS[name] for name in hidden], dtype),
        layer(HIDDEN, outputs, [ACTIVATIONS["identity"]], dtype),
    )
    scaling = (
        Scaling(np.array([3.0, -200.0]), np.array([0.1, 2.0])) if not classes else Scaling(np.zeros(1), np.ones(1))
    )
    model = Model(layers, transform, scaling, LOSSES[loss](), kind, classes)
    names = ("ant", "bee", "Köln = cat")[:classes]
    targets = ("kind",) if classes else ("price", "rent")
    return NamedModel(model, tuple("abcd"), {}, targets, names, fills_missing=fills)


def drawn_inputs(count=200):
    return RANDOM.normal(size=(count, INPUTS)) * np.array([1.0, 1e3, 2.0, 1.0]) + np.array([0.0, 1e3, -5.0, 7.0])


def run(named, inputs):
    session = onnxruntime.InferenceSession(onnx_model(named).SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["prediction", "outputs"], {"inputs": inputs})


def assert_same_answers(named, inputs):
    answer, outputs = run(named, inputs)
    with np.errstate(all="ignore"):
        expected = named.model.outputs(inputs)
    assert outputs.dtype == expected.dtype
    tolerance = 1e-9 if expected.dtype == np.float64 else 1e-6
    # In single precision, a sigmoid is as exact as numbers near 1, even if all probabilities are small.
    is_probability = isinstance(named.model.loss, SigmoidCrossEntropy)
    scale = 1.0 if is_probability else np.abs(expected).max()
    np.testing.assert_allclose(outputs, expected, rtol=tolerance, atol=tolerance * scale)
    rows = predictions(named, inputs)
    if named.class_names:
        assert answer.tolist() == [row[named.target_names[0]] for row in rows]
        return
    told = np.array([[row[name] for name in named.target_names] for row in rows])
    np.testing.assert_allclose(answer, told, rtol=1e-6, atol=1e-6 * np.abs(told).max())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("reading", ["numbers", "one_per_class"])
def test_every_activation(name, reading, dtype):
    assert_same_answers(network(hidden=(name,), reading=reading, dtype=dtype), drawn_inputs())


def test_every_activation_has_a_row():
    assert {*FUNCTIONS, "identity"} == set(ACTIVATIONS)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_far_from_zero_nothing_overflows(name):
    inputs = drawn_inputs(40)
    inputs[:, 2] *= 1e4
    assert_same_answers(network(hidden=(name,)), inputs)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_layers_of_several_functions(dtype):
    assert_same_answers(network(hidden=("prelu", "silu", "tanh"), dtype=dtype), drawn_inputs())
    # With more functions than units, some have none.
    assert_same_answers(network(hidden=tuple(ACTIVATIONS), dtype=dtype), drawn_inputs())


@pytest.mark.parametrize(
    ("reading", "loss", "classes"),
    [
        *((reading, "half_squared_error", 2) for reading in READINGS),
        *((reading, "half_squared_error", 3) for reading in ("one_per_class", "unrecognized", "intervals")),
        *((reading, "softmax_cross_entropy", 3) for reading in ("one_per_class", "unrecognized")),
        ("zero_one", "sigmoid_cross_entropy", 2),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_coding_of_targets(reading, loss, classes, dtype):
    assert_same_answers(network(reading=reading, loss=loss, classes=classes, dtype=dtype), drawn_inputs())


@pytest.mark.parametrize("fills", [True, False])
def test_missing_inputs_are_filled_or_remain(fills):
    inputs = drawn_inputs()
    inputs[::3, 0] = inputs[::5, 2] = np.nan
    named = network(fills=fills)
    answer, outputs = run(named, inputs)
    np.testing.assert_allclose(outputs, named.model.outputs(inputs), rtol=1e-9)
    assert np.isnan(answer).any() is np.bool_(not fills)


def test_the_file_says_what_its_inputs_are():
    model = onnx_model(network(reading="one_per_class"))
    onnx.checker.check_model(model, full_check=True)
    (stored,) = [entry.value for entry in model.metadata_props if entry.key == "fitgap"]
    assert json.loads(stored)["input_names"] == list("abcd") and json.loads(stored)["class_names"][2] == "Köln = cat"


@pytest.mark.parametrize("data", ["iris", "diabetes"])
def test_the_command_writes_what_predict_gives(data, invoke, own_folder):
    ran = invoke(
        "run", "--data", data, "--hidden", "6", "--activation", "silu:learn=beta", "--epochs", "3", "--engine", "local"
    )
    assert ran.code == 0
    assert invoke("export", 1, "-o", "m.onnx").code == 0 and invoke("export", 1, "-o", "m.npz").code == 0
    named = load_model(own_folder / "m.npz")
    inputs = np.random.default_rng(0).normal(size=(30, len(named.input_names)))
    session = onnxruntime.InferenceSession("m.onnx", providers=["CPUExecutionProvider"])
    answer, outputs = session.run(["prediction", "outputs"], {"inputs": inputs})
    np.testing.assert_allclose(outputs, named.model.outputs(inputs), rtol=1e-5, atol=1e-6)
    told = [list(row.values())[1] for row in predictions(named, inputs)]
    if data == "iris":
        assert answer.tolist() == told
    else:
        np.testing.assert_allclose(answer[:, 0], told, rtol=1e-6)
    assert invoke("export", 1, "-o", "other", "--format", "onnx").code == 0
    assert (own_folder / "other").read_bytes() == (own_folder / "m.onnx").read_bytes()
    with open_store() as store:
        store.export(1, own_folder / "again.onnx")
        with pytest.raises(StoreError, match="at must be"):
            store.export(1, "m.npz", at="first")
    assert (own_folder / "again.onnx").read_bytes() == (own_folder / "m.onnx").read_bytes()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("-o", "m.txt"), "written as .npz or .onnx, but the suffix is .txt"),
        (("-o", "m.npz", "--format", "onnx"), "the suffix is that of the format npz"),
        (("-o", "m.onnx", "--format", "npz"), "the suffix is that of the format onnx"),
    ],
)
def test_other_suffixes_are_refused(options, expected, invoke, trained_database):
    refused = invoke("export", 1, *options, "--db", trained_database)
    assert refused.code == 2 and expected in refused.err


def test_formats_are_chosen_by_name_or_suffix(own_folder):
    assert save_as(own_folder / "m.ONNX") is FORMATS["onnx"] and save_as(own_folder / "m") is FORMATS["npz"]
    assert save_as(own_folder / "m.bin", "onnx") is FORMATS["onnx"]
    with pytest.raises(ModelError, match="no format 'pickle'"):
        save_as(own_folder / "m", "pickle")


def test_without_the_package_the_way_to_get_it_is_told(monkeypatch):
    imported = builtins.__import__

    def without_onnx(name, *rest):
        if name == "onnx":
            raise ImportError(name)
        return imported(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_onnx)
    with pytest.raises(ModelError, match=r"pip install 'fitgap\[onnx\]'"):
        onnx_model(network())


def test_an_activation_that_is_learned_per_layer_keeps_its_values():
    named = network(hidden=("prelu",))
    changed = dataclasses.replace(
        named.model.layers[0],
        functions=tuple((function, units, {"beta": -0.75}) for function, units, _ in named.model.layers[0].functions),
    )
    model = dataclasses.replace(named.model, layers=(changed, named.model.layers[1]))
    assert_same_answers(dataclasses.replace(named, model=model), drawn_inputs())
