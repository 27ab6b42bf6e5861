"""Models of networks with layers other than dense ones: saved, loaded, and run elsewhere."""

import json
import re
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from fitgap.core.activations import PReLU, Sigmoid, Tanh
from fitgap.core.layers import LAYERS
from fitgap.core.layers.dense import Dense
from fitgap.core.losses import HalfSquaredError
from fitgap.core.model import Model, model_layers
from fitgap.core.network import Networks
from fitgap.core.network_shape import NetworkShape
from fitgap.core.scaling import NO_SCALING, InputTransform
from fitgap.core.target_coding import Numbers
from fitgap.runner.errors import ModelError
from fitgap.runner.models.model_files import load_model, save_model
from fitgap.runner.models.named_model import NamedModel
from fitgap.runner.models.onnx_files import onnx_model
from support.core.layered import fitted_to, plain_member

# Every kind of layer, on inputs with one and two axes.
NETWORKS = {
    "steps": ((9, 2), [("conv", (3, 2, 2)), ("pool", (2,)), ("avgpool", (2, 1))]),
    "images": ((6, 7, 2), [("conv", (3, 3, 1, "same")), ("avgpool", (2,)), ("conv", (4, 2)), ("globalpool", ())]),
    "strides": ((5, 6, 1), [("conv", (2, 3, 2, "same")), ("pool", (2, 1))]),
    "recurrent": ((6, 2), [("rnn", (4, "all")), ("norm", ()), ("gru", (3, "all")), ("lstm", (5, "last"))]),
    "normalized": ((5, 6, 2), [("norm", (0.1,)), ("conv", (3, 2)), ("norm", ()), ("globalpool", ()), ("norm", ())]),
    "residual": (
        (5, 4, 2),
        [
            ("conv", (2, 3, 1, "same")),
            ("norm", ()),
            ("conv", (2, 3, 1, "same")),
            ("res", (2,)),
            ("res", (4,)),
            ("pool", (2,)),
        ],
    ),
    "elman": ((5, 3), [("lstm", (3, "all", 0, 0.5)), ("gru", (3, "all")), ("rnn", (4,))]),
}

# Networks that take sequences of different lengths.
PADDED = {
    "padded": ((6, 2), [("gru", (3, "all")), ("norm", ()), ("rnn", (3, "all")), ("res", (2,)), ("lstm", (4,))]),
    "mean of steps": ((6, 2), [("lstm", (3, "all")), ("globalpool", ())]),
    "all steps": ((6, 2), [("rnn", (3, "all")), ("norm", ())]),
}
NETWORKS |= PADDED


def named_network(name, dtype):
    axes, layers = NETWORKS[name]
    hidden = (LAYERS[kind](*settings) for kind, settings in layers)
    network = NetworkShape(axes, (*hidden, Dense(2)), is_padded=name in PADDED)
    functions = (Sigmoid(beta=1.3, gamma=0.7), PReLU(beta=0.3)), (Tanh(),)
    member = fitted_to(plain_member((functions[0], *[functions[1]] * len(layers))), network)
    networks = Networks(network, [member], dtype)
    columns = networks.layout.columns_as_saved()
    row = networks.parameters[0].copy()
    row[: len(columns)] = np.random.default_rng(5).normal(size=len(columns))
    count = network.sizes[0]
    transform = InputTransform(np.full(count, np.nan), np.full(count, 0.5), np.full(count, 2.0), None, None)
    layers = model_layers(row, member, networks.layout)
    model = Model(layers, transform, NO_SCALING, HalfSquaredError(), Numbers(), 0, network.is_padded)
    return NamedModel(model, tuple(f"input_{i}" for i in range(count)), {}, ("one", "other"), (), fills_missing=False)


def drawn_inputs(named, count):
    """Random inputs, with NaN after the last step of each sequence if the network takes different lengths."""
    rng = np.random.default_rng(6)
    inputs = rng.normal(size=(count, len(named.input_names)))
    if named.model.is_padded:
        lengths = rng.integers(1, 7, size=count)
        inputs[np.arange(12) // 2 >= lengths[:, np.newaxis]] = np.nan
    return inputs


def test_every_layer_is_in_a_network():
    assert {kind for _, layers in NETWORKS.values() for kind, _ in layers} == set(LAYERS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_file_holds_the_same_network(name, dtype, tmp_path):
    named = named_network(name, dtype)
    inputs = drawn_inputs(named, 300)
    save_model(named, tmp_path / "m.npz")
    assert np.array_equal(load_model(tmp_path / "m.npz").model.outputs(inputs), named.model.outputs(inputs))
    with np.load(tmp_path / "m.npz", allow_pickle=False) as arrays:
        assert json.loads(str(arrays["description"]))["format"] == "fitgap model 3"


@pytest.mark.parametrize("name", NETWORKS)
def test_the_documented_reader_computes_the_same(name, tmp_path):
    named = named_network(name, "float64")
    save_model(named, tmp_path / "m.npz")
    page = (Path(__file__).parents[3] / "docs" / "reference" / "model-file.md").read_text(encoding="utf-8")
    reader: dict = {}
    exec("\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)), reader)
    with np.load(tmp_path / "m.npz", allow_pickle=False) as arrays:
        arrays = dict(arrays)
    inputs = drawn_inputs(named, 20)
    values = (inputs - arrays["input_shift"]) * arrays["input_factor"]
    found = reader["all_layers"](values, json.loads(str(arrays["description"])), arrays)
    np.testing.assert_allclose(found, named.model.outputs(inputs), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NETWORKS)
def test_an_onnx_file_computes_the_same(name, dtype):
    named = named_network(name, dtype)
    inputs = drawn_inputs(named, 50)
    session = onnxruntime.InferenceSession(onnx_model(named).SerializeToString(), providers=["CPUExecutionProvider"])
    (outputs,) = session.run(["outputs"], {"inputs": inputs})
    expected = named.model.outputs(inputs)
    assert outputs.dtype == expected.dtype
    np.testing.assert_allclose(outputs, expected, rtol=1e-9 if dtype == "float64" else 1e-5, atol=1e-5)


def test_a_file_whose_layers_do_not_fit_is_refused(tmp_path):
    save_model(named_network("steps", "float64"), tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz", allow_pickle=False) as arrays:
        changed = dict(arrays) | {"weights_1": arrays["weights_1"][:, :-1]}
    np.savez(tmp_path / "m.npz", **changed)
    with pytest.raises(ModelError, match="not a fitgap model file"):
        load_model(tmp_path / "m.npz")
