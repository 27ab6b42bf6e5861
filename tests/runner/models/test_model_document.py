"""Model files as documented: NumPy alone gives the same predictions, with the document's code and with formulas."""

import re
from pathlib import Path

import numpy as np
import pytest
from fitgap.core.activations import ACTIVATIONS
from fitgap.core.losses import LOSSES
from fitgap.core.target_coding import READINGS
from fitgap.runner.models.model_files import load_model, save_model
from fitgap.runner.models.predictions import predictions
from fitgap.runner.models.trial_models import model_of_trial
from support.models.plain_networks import plain_answer, read_file
from support.models.sweeps_of_models import SWEEPS

# These tests share slow fixtures, so they run in one worker.
pytestmark = pytest.mark.xdist_group("models")

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "model-file.md"


def documented():
    """The names that the code in the document defines."""
    names = {}
    for block in re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL):
        exec(block, names)
    return names


@pytest.mark.parametrize("name", SWEEPS)
def test_numpy_alone_gives_the_same_answers(name, trained, tmp_path):
    store, prepared = trained(name)
    named = model_of_trial(store, 1, at="last")
    save_model(named, tmp_path / "model.npz")
    inputs, targets = prepared.dataset.inputs, named.target_names
    rows = [[row[target] for target in targets] for row in predictions(named, inputs)]
    if named.class_names:
        rows = [row[0] for row in rows]

    arrays, told = read_file(tmp_path / "model.npz")
    by_document = documented()["predict"](tmp_path / "model.npz", inputs)
    by_hand = [plain_answer(arrays, told, example) for example in inputs]
    if named.class_names:
        assert len(set(rows)) > 1 or name == "every function", "a network that always says the same shows little"
        assert list(by_document) == rows
        assert by_hand == rows
    else:
        scale = np.ptp(prepared.dataset.targets, axis=0)
        tolerance = 1e-12 if prepared.sweep.training.dtype == "float64" else 1e-5
        assert np.all(np.abs(by_document - np.array(rows)) <= tolerance * scale)
        assert np.all(np.abs(np.array(by_hand) - np.array(rows)) <= tolerance * scale)
    assert predictions(load_model(tmp_path / "model.npz"), inputs) == predictions(named, inputs)


def test_the_sweeps_leave_nothing_out(trained):
    models = [model_of_trial(trained(name)[0], 1, at="last").model for name in SWEEPS]
    assert {type(model.reading) for model in models} == set(READINGS.values())
    assert {type(model.loss) for model in models} == set(LOSSES.values())
    functions = {type(function) for model in models for layer in model.layers for function, _, _ in layer.functions}
    assert functions == set(ACTIVATIONS.values())
    assert {str(model.dtype) for model in models} == {"float32", "float64"}


def test_the_document_knows_every_name():
    names = documented()
    assert set(names["FUNCTIONS"]) == set(ACTIVATIONS)
    assert set(names["LINKS"]) == set(LOSSES)
    assert all(f"| `{reading}` |" in DOCUMENT.read_text() for reading in READINGS)


def test_the_file_holds_what_the_document_says(trained, tmp_path):
    store, prepared = trained("filled")
    save_model(model_of_trial(store, 1, at="best"), tmp_path / "model.npz")
    arrays, told = read_file(tmp_path / "model.npz")
    assert {name: (array.shape, str(array.dtype)) for name, array in arrays.items() if name != "description"} == {
        "weights_1": ((7, 5), "float32"),
        "biases_1": ((7,), "float32"),
        "weights_2": ((5, 7), "float32"),
        "biases_2": ((5,), "float32"),
        "weights_3": ((1, 5), "float32"),
        "biases_3": ((1,), "float32"),
        **{f"input_{part}": ((5,), "float64") for part in ("fill", "low", "high", "shift", "factor")},
        **{f"target_{part}": ((1,), "float64") for part in ("shift", "factor")},
    }
    assert arrays["description"].shape == ()
    document = DOCUMENT.read_text()
    assert all(f"| `{key}` |" in document for key in told)
    assert told["format"] == "fitgap model 2"
    assert (told["loss"], told["reading"]) == ("half_squared_error", {"name": "numbers"})
    assert told["input_names"] == ["size", "town=Bonn", "town=Köln", "town=Ulm", "rooms"]
    assert told["text_columns"] == {"town": ["Bonn", "Köln", "Ulm"]}
    assert (told["target_names"], told["class_names"], told["fills_missing"]) == (["price"], [], True)
    silu, relu = told["layers"][0]
    assert {key: silu[key] for key in ("name", "from", "to")} == {"name": "silu", "from": 0, "to": 2}
    assert relu == {"name": "relu", "from": 2, "to": 7}
    learned = store.show(1)["learned"]
    last = model_of_trial(store, 1, at="last").model.layers
    assert learned["layer_1.0.beta"] == last[0].functions[0][2]["beta"] != 1.5
    assert learned["layer_1.0.gamma"] == last[0].functions[0][2]["gamma"] != 1
    assert learned["layer_2.0.beta"] == last[1].functions[0][2]["beta"] != 1
    # From the training examples alone, whatever the others contain.
    training = prepared.dataset.inputs[prepared.splits[1].training]
    assert arrays["input_fill"] == pytest.approx(np.nanmean(training, axis=0), rel=1e-14)
