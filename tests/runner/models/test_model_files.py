"""Trained networks taken out of the store: the right epoch, the same bits, and a file that NumPy alone can use."""

import dataclasses
import json
import math
import os
import re
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from fitgap.core.activations import ACTIVATIONS
from fitgap.core.losses import LOSSES
from fitgap.core.preprocessing import prepare_examples
from fitgap.core.target_coding import READINGS
from fitgap.runner.data import load_dataset
from fitgap.runner.driver import drive, write_sweep
from fitgap.runner.errors import DataError, ModelError, StoreError
from fitgap.runner.models.model_files import load_model, model_of_trial, predictions, retrain, save_model
from fitgap.runner.planning.packs import PlannedTrial
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import Configuration, sweep_from_text
from fitgap.runner.store import open_store, open_store_for_writing
from fitgap.runner.store.database.blobs import packed
from support.sampling import every, per_commit

# They share what takes long to make.
pytestmark = pytest.mark.xdist_group("models")

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "model-file.md"


def houses(folder):
    """Numbers to learn; a text column, and missing values of both kinds."""
    random = np.random.default_rng(1)
    one, two = ["size,town,rooms,price"], ["size,town,rooms,price,rent"]
    for row in range(60):
        size, town, rooms = random.uniform(20, 200), ("Ulm", "Bonn", "Köln")[row % 3], random.integers(1, 7)
        price = 1000 * size + 5000 * rooms + 20_000 * (town == "Bonn")
        shown = "" if row % 7 == 3 else f"{size:.2f}", "" if row == 5 else town
        one.append(f"{shown[0]},{shown[1]},{rooms},{price:.2f}")
        two.append(f"{one[-1]},{price / 300:.3f}")
    (folder / "houses.csv").write_text("\n".join(one) + "\n")
    (folder / "rents.csv").write_text("\n".join(two) + "\n")


def animals(folder):
    """Three classes, and two of the same animals in another file."""
    random = np.random.default_rng(2)
    kinds, pets = ["a,b,c,kind"], ["a,b,c,tame"]
    for row in range(90):
        number = row % 3
        a, b, c = random.normal([number, -number, 0], [0.4, 0.4, 1])
        kinds.append(f"{a},{b},{c},{('ant', 'bee', 'cat')[number]}")
        pets.append(f"{a},{b},{c},{('no', 'yes')[number == 2]}")
    (folder / "animals.csv").write_text("\n".join(kinds) + "\n")
    (folder / "pets.csv").write_text("\n".join(pets) + "\n")


HOUSES = "data: {source: houses.csv, target: price, missing: mean, text: one_hot}"
ANIMALS = "data: {source: animals.csv, target: kind}"
# Between them every reading, every loss, every activation, both dtypes, each way of scaling.
SWEEPS = {
    "filled": f"""
{HOUSES}
training: {{epochs: 6}}
axes:
  architecture: 7-5
  activation: "silu:beta=1.5,learn=beta+gamma+relu:share=2/mish:learn=beta"
  optimizer: "adam:rate=0.05"
""",
    "two numbers": """
data: {source: rents.csv, target: [price, rent], missing: median, text: one_hot, preprocess: minmax}
training: {epochs: 4, dtype: float64, output_activation: "identity+prelu:learn=beta"}
axes: {architecture: 6, activation: "softplus:learn=beta+gamma+elu:beta=0.7,learn=beta"}
""",
    "unscaled": """
data: {source: sine, preprocess: none, target_scaling: none}
training: {epochs: 4}
axes: {architecture: 4, activation: "tanh+squareplus:learn=beta"}
""",
    "softmax": f"""
{ANIMALS}
training: {{epochs: 5, loss: softmax_cross_entropy}}
axes: {{architecture: 5-4, activation: "prelu:learn=beta+sigmoid:learn=beta+gamma/silu+tanh"}}
""",
    "intervals": f"""
{ANIMALS}
training: {{epochs: 5, outputs: intervals, output_activation: sigmoid}}
axes: {{architecture: 6, optimizer: "adam:rate=0.1"}}
""",
    "unrecognized": f"""
{ANIMALS}
training: {{epochs: 5, outputs: "unrecognized:share=0.5"}}
axes: {{architecture: 6, optimizer: "adam:rate=0.05"}}
""",
    "zero_one": """
data: {source: pets.csv, target: tame, preprocess: none}
training: {epochs: 5, outputs: zero_one, loss: sigmoid_cross_entropy, dtype: float64}
axes: {architecture: 3, activation: tanh}
""",
    "signs": """
data: {source: pets.csv, target: tame}
training: {epochs: 3, outputs: signs, output_activation: sign}
axes: {optimizer: perceptron}
""",
    "every function": f"""
{ANIMALS}
training: {{epochs: 1}}
axes: {{architecture: 24, activation: {"+".join(ACTIVATIONS)}, optimizer: fixed}}
""",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    houses(folder)
    animals(folder)
    return folder


def run(folder, text, database):
    """The store after the sweep, and the sweep as prepared."""
    prepared = prepare_sweep(sweep_from_text(text, str(folder / "sweep.yaml")))
    store = open_store_for_writing(str(database))
    drive(store, write_sweep(store, prepared), engine="local", workers=None, on_block=lambda block: None)
    return store, prepared


@pytest.fixture(scope="module")
def trained(folder):
    """`trained(name)`: the store and the prepared sweep of one of SWEEPS, trained once."""
    known = {}

    def train(name):
        if name not in known:
            known[name] = run(folder, SWEEPS[name], folder / f"{name}.db")
        return known[name]

    return train


def documented():
    """What the code in the document defines."""
    names = {}
    for block in re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL):
        exec(block, names)
    return names


# A second opinion, one number at a time and with the formulas of the notes.
FORMULAS = {
    "identity": lambda x: x,
    "threshold": lambda x: float(x > 0),
    "sign": lambda x: 1.0 if x > 0 else -1.0,
    "sigmoid": lambda x, beta, gamma: gamma / (1 + math.exp(-beta * x)),
    "tanh": math.tanh,
    "relu": lambda x: max(0.0, x),
    "prelu": lambda x, beta: x if x > 0 else beta * x,
    "silu": lambda x, beta, gamma: x * gamma / (1 + math.exp(-beta * x)),
    "elu": lambda x, beta: x if x > 0 else beta * (math.exp(x) - 1),
    "softplus": lambda x, beta, gamma: gamma / beta * math.log(1 + math.exp(beta * x)),
    "mish": lambda x, beta: x * math.tanh(math.log(1 + math.exp(beta * x)) / beta),
    "squareplus": lambda x, beta: (x + math.sqrt(x * x + beta)) / 2,
}


def plain_forward(arrays, told, scaled):
    """The outputs of the last layer before the loss's own function, for one example (n_0,) already scaled."""
    values = [float(value) for value in scaled]
    for number, functions in enumerate(told["layers"], start=1):
        function_of = {}
        for each in functions:
            numbers = {name: each[name] for name in ("beta", "gamma") if name in each}
            function_of |= dict.fromkeys(range(each["from"], each["to"]), (FORMULAS[each["name"]], numbers))
        values = [
            function_of[unit][0](
                sum(float(w) * value for w, value in zip(weights, values, strict=True)) + float(bias),
                **function_of[unit][1],
            )
            for unit, (weights, bias) in enumerate(
                zip(arrays[f"weights_{number}"], arrays[f"biases_{number}"], strict=True)
            )
        ]
    return values


def plain_answer(arrays, told, example):
    """The answer about one example as it came (n_0,): a class by name, or numbers."""
    filled = [fill if math.isnan(value) else value for value, fill in zip(example, arrays["input_fill"], strict=True)]
    limits = zip(filled, arrays["input_low"], arrays["input_high"], strict=True)
    filled = [min(max(value, low), high) for value, low, high in limits]
    shifts, factors = arrays["input_shift"], arrays["input_factor"]
    scaled = [(value - shift) * factor for value, shift, factor in zip(filled, shifts, factors, strict=True)]
    outputs, classes = plain_forward(arrays, told, scaled), told["class_names"]
    match told["reading"]["name"]:
        case "numbers":
            scaling = zip(outputs, arrays["target_shift"], arrays["target_factor"], strict=True)
            return [output / factor + shift for output, shift, factor in scaling]
        case "intervals":
            return classes[min(max(math.ceil(outputs[0] * len(classes)), 1), len(classes)) - 1]
        case "signs":
            return classes[outputs[0] > 0]
        case "zero_one" if told["loss"] == "sigmoid_cross_entropy":
            return classes[1 / (1 + math.exp(-outputs[0])) > 0.5]
        case "zero_one":
            return classes[outputs[0] > 0.5]
    # Softmax does not change which output is the largest.
    return [*classes, "unrecognized"][outputs.index(max(outputs))]


def read_file(path):
    with np.load(path) as file:
        arrays = dict(file)
    return arrays, json.loads(str(arrays["description"]))


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


def test_the_sweeps_above_leave_nothing_out(trained):
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
    # Among the training examples alone, whatever the others hold.
    training = prepared.dataset.inputs[prepared.splits[1].training]
    assert arrays["input_fill"] == pytest.approx(np.nanmean(training, axis=0), rel=1e-14)


def error_and_accuracy(named, prepared, repeat, tmp_path):
    """E_v and its accuracy, from the file and the validation examples as training had them."""
    save_model(named, tmp_path / "again.npz")
    arrays, told = read_file(tmp_path / "again.npz")
    sweep = prepared.sweep
    examples = prepare_examples(
        prepared.dataset, prepared.preparation, prepared.reading, seed=sweep.seed, repeat=repeat, dtype="float64"
    )
    outputs = np.array([plain_forward(arrays, told, example) for example in examples.validation_inputs])
    targets = examples.validation_targets
    if told["loss"] == "softmax_cross_entropy":
        powers = np.exp(outputs)
        outputs = powers / powers.sum(axis=1, keepdims=True)
        errors = -np.log((outputs * targets).sum(axis=1))
    elif told["loss"] == "sigmoid_cross_entropy":
        outputs = 1 / (1 + np.exp(-outputs))
        errors = -np.log(np.where(targets == 1, outputs, 1 - outputs)).sum(axis=1)
    else:
        errors = ((outputs - targets) ** 2).sum(axis=1) / 2
    if not told["class_names"]:
        return errors.mean(), 1 - 2 * errors.sum() / ((targets - targets.mean(axis=0)) ** 2).sum()
    answers, right = (named.model.reading.read(values, len(told["class_names"])) for values in (outputs, targets))
    return errors.mean(), np.mean(answers == right)


LONGER = {
    "overfitting": f"""
{HOUSES}
repeats: 2
training: {{epochs: 25}}
axes: {{architecture: 20, activation: [tanh, "silu:learn=beta/tanh"], optimizer: ["adam:rate=0.3", "adam:rate=0.01"]}}
""",
    "classes": """
data: {source: animals.csv, target: kind, validation: 4-fold}
training: {epochs: 20, loss: softmax_cross_entropy, stopping: "no_improvement:epochs=2"}
axes: {architecture: 12, optimizer: ["adam:rate=0.3"], regularizer: [none, "dropout:ratio=0.4"]}
""",
    "made examples": f"""
{ANIMALS}
training: {{epochs: 15, outputs: "unrecognized:share=0.5"}}
axes: {{architecture: 12, optimizer: ["adam:rate=0.3", "adam:rate=3"]}}
""",
    "sigmoid": """
data: {source: pets.csv, target: tame}
training: {epochs: 10, outputs: zero_one, loss: sigmoid_cross_entropy, dtype: float64}
axes: {architecture: 12, optimizer: ["adam:rate=0.5"]}
""",
}


@pytest.mark.parametrize("name", every(2, LONGER))
def test_a_network_has_the_errors_of_its_epoch(name, folder, tmp_path):
    store, prepared = run(folder, LONGER[name], tmp_path / "x.db")
    trials = store.trials("sweep")
    assert {trial["status"] for trial in trials} == {"completed"}
    assert any(trial["best_epoch"] < trial["epochs"] for trial in trials), "best and last should differ somewhere"
    for trial in trials:
        epochs = {row["epoch"]: row for row in store.epochs([trial["trial"]])}
        for at, epoch in (("best", trial["best_epoch"]), ("last", trial["epochs"])):
            named = model_of_trial(store, trial["trial"], at=at)
            e_v, accuracy = error_and_accuracy(named, prepared, trial["repeat"], tmp_path)
            assert e_v == pytest.approx(epochs[epoch]["e_v"], rel=2e-5, abs=1e-6)
            assert accuracy == pytest.approx(epochs[epoch]["accuracy_v"], rel=2e-5, abs=1e-6)
        assert trial["e_v"] == epochs[trial["epochs"]]["e_v"]
        assert trial["best_e_v"] == epochs[trial["best_epoch"]]["e_v"] == min(row["e_v"] for row in epochs.values())


KEEPING = """
data: {{source: animals.csv, target: kind}}
repeats: 2
training: {{epochs: 8, keep: {keep}, stopping: "no_improvement:epochs=3"}}
axes:
  architecture: [6, 9-4]
  regularizer: [none, {{l2: {{weight: 0.01}}, dropout: {{ratio: 0.3}}}}]
  optimizer: ["adam:rate=0.1", "momentum:rate=0.5"]
  # The last axis changes fastest: packs then hold members with one and with two functions in a layer.
  activation: [relu, "silu:learn=beta+gamma+tanh", "mish:beta=0.5/prelu"]
"""


@pytest.mark.parametrize("keep", per_commit(["best"], ["best", "last"]))
def test_kept_parameters_are_those_of_training_again(keep, folder, tmp_path):
    store, prepared = run(folder, KEEPING.format(keep=keep), tmp_path / "x.db")
    trials = store.trials("sweep")
    assert len(trials) == 48
    for row in trials:
        epoch, other = (row["best_epoch"], row["epochs"])[:: 1 if keep == "best" else -1]
        settings = store.show(row["trial"])["settings"]
        trial = PlannedTrial(row["trial"], Configuration.from_canonical(settings), row["repeat"])
        kept = store.kept_parameters(row["trial"], epoch)
        assert kept.dtype == np.float32
        assert np.array_equal(kept, retrain(trial, prepared, epoch))
        assert other == epoch or store.kept_parameters(row["trial"], other) is None


def test_nothing_is_kept_unless_asked_for(trained):
    store, _ = trained("filled")
    assert all(store.kept_parameters(1, epoch) is None for epoch in range(1, 7))


def test_what_was_kept_is_used(folder, tmp_path, monkeypatch):
    store, _ = run(folder, f"{ANIMALS}\ntraining: {{epochs: 3, keep: best}}", tmp_path / "x.db")

    def never(*arguments):
        raise AssertionError("trained again")

    monkeypatch.setattr("fitgap.runner.models.model_files.retrain", never)
    assert model_of_trial(store, 1, at="best").class_names == ("ant", "bee", "cat")
    if store.show(1)["best_epoch"] != 3:
        with pytest.raises(AssertionError, match="trained again"):
            model_of_trial(store, 1, at="last")


def test_a_changed_data_file_is_refused(tmp_path):
    animals(tmp_path)
    store, _ = run(tmp_path, f"{ANIMALS}\ntraining: {{epochs: 2, keep: best}}", tmp_path / "x.db")
    original = (tmp_path / "animals.csv").read_text()
    (tmp_path / "animals.csv").write_text(original.replace("cat", "dog"))
    with pytest.raises(StoreError, match=r"animals\.csv has changed since trial 1 was trained; restore the old one"):
        model_of_trial(store, 1, at="best")
    (tmp_path / "animals.csv").unlink()
    with pytest.raises(DataError, match=r"animals\.csv: there is no such file"):
        model_of_trial(store, 1, at="best")
    (tmp_path / "animals.csv").write_text(original)
    assert model_of_trial(store, 1, at="best")


@pytest.fixture(scope="module")
def diverging(folder):
    """Trial 1 diverges at once, trial 2 after some good epochs, trial 3 waits."""
    rates = "{architecture: 8, optimizer: {gradient_descent: {rate: [1.0e+30, 2]}}}"
    store, _ = run(folder, f"{ANIMALS}\ntraining: {{epochs: 200}}\naxes: {rates}", folder / "diverging.db")
    write_sweep(store, prepare_sweep(sweep_from_text(ANIMALS, str(folder / "waiting.yaml"))))
    return store


def test_trials_without_a_network(diverging):
    rows = {row["trial"]: row for name in (1, 2) for row in diverging.trials(name)}
    assert [rows[trial]["status"] for trial in (1, 2, 3)] == ["diverged", "diverged", "pending"]
    assert rows[1]["best_epoch"] is None and rows[2]["best_epoch"]
    for trial, at, status in ((1, "best", "diverged"), (1, "last", "diverged"), (2, "last", "diverged")):
        with pytest.raises(StoreError, match=f"trial {trial} is {status} and has no usable network after its {at}"):
            model_of_trial(diverging, trial, at=at)
    for at in ("best", "last"):
        with pytest.raises(StoreError, match="trial 3 is pending and has no usable network"):
            model_of_trial(diverging, 3, at=at)
    with pytest.raises(StoreError, match="there is no trial 99; the highest number is 3"):
        model_of_trial(diverging, 99, at="best")


def test_a_diverged_trial_has_its_best_epoch(diverging, trained):
    _, prepared = trained("softmax")
    answers = predictions(model_of_trial(diverging, 2, at="best"), prepared.dataset.inputs)
    assert {row["kind"] for row in answers} <= {"ant", "bee", "cat"}


def test_missing_values_are_refused_where_none_was_filled(trained):
    store, prepared = trained("softmax")
    inputs = prepared.dataset.inputs.copy()
    inputs[4, 1] = np.nan
    with pytest.raises(DataError, match="a value is missing, but this network was trained without filling"):
        predictions(model_of_trial(store, 1, at="best"), inputs)


@pytest.mark.parametrize("limited", [True, False])
def test_what_is_too_large_for_the_network_has_no_answer_unless_it_is_limited(trained, limited):
    store, prepared = trained("filled")
    inputs = prepared.dataset.inputs[:3].copy()
    inputs[1] = 1e300
    named = model_of_trial(store, 1, at="best")
    if not limited:
        transform = dataclasses.replace(named.model.inputs_transform, low=None, high=None)
        named = dataclasses.replace(named, model=dataclasses.replace(named.model, inputs_transform=transform))
    first, second, third = (row["price"] for row in predictions(named, inputs))
    assert isinstance(second, float) == limited and isinstance(first, float) and isinstance(third, float)


def rewritten(path, **changes):
    """The model file with some of its arrays replaced, left out where None."""
    arrays, _ = read_file(path)
    arrays = {name: array for name, array in {**arrays, **changes}.items() if array is not None}
    with path.open("wb") as file:
        np.savez(file, **arrays)


def redescribed(path, **changes):
    """The model file with some entries of its description replaced."""
    _, told = read_file(path)
    rewritten(path, description=np.array(json.dumps({**told, **changes})))


def flipped(content):
    """The content with one bit of the first weights changed."""
    place = content.index(b"weights_1.npy") + 160
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


class Harm:
    """What a pickled array would do when it is loaded."""

    def __reduce__(self):
        return (Path.touch, (Path("harmed"),))


BROKEN = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("no model\n"),
    "array": lambda path: path.write_bytes(b"\x93NUMPY\x01\x00" + path.read_bytes()),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-200]),
    "flipped": lambda path: path.write_bytes(flipped(path.read_bytes())),
    "noise": lambda path: path.write_bytes(path.read_bytes()[:300] + bytes(300) + path.read_bytes()[600:]),
    "no description": lambda path: rewritten(path, description=None),
    "no weights": lambda path: rewritten(path, weights_2=None),
    "wrong shape": lambda path: rewritten(path, weights_2=np.zeros((3, 2), np.float32)),
    "wrong shift": lambda path: rewritten(path, input_shift=np.zeros(17)),
    "words": lambda path: rewritten(path, weights_1=np.array(["a"])),
    "pickled": lambda path: rewritten(path, weights_1=np.array([Harm()])),
    "pickled description": lambda path: rewritten(path, description=np.array(Harm())),
    "no json": lambda path: rewritten(path, description=np.array("{")),
    "list": lambda path: rewritten(path, description=np.array("[1]")),
    "deep": lambda path: rewritten(path, description=np.array("[" * 100_000)),
    "unknown function": lambda path: redescribed(path, layers=[[{"name": "gelu", "from": 0, "to": 4}]]),
    "unknown reading": lambda path: redescribed(path, reading={"name": "tea_leaves"}),
    "unknown loss": lambda path: redescribed(path, loss="hinge"),
    "text columns": lambda path: redescribed(path, text_columns=["town"]),
    "too few inputs": lambda path: redescribed(path, input_names=["size", "rooms"]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_model_file_is_told_in_one_line(name, trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("model.npz")
    save_model(model_of_trial(trained("filled")[0], 1, at="best"), path)
    BROKEN[name](path)
    with pytest.raises(ModelError) as caught:
        load_model(path)
    assert re.fullmatch(r"model\.npz is not a fitgap model file or is damaged; name a trial, or .*", str(caught.value))
    assert not Path("harmed").exists()


def test_a_model_file_that_explodes_is_refused_before_it_is_read(tmp_path):
    np.savez_compressed(tmp_path / "model.npz", description=np.zeros(100_000_000, np.uint8))
    with pytest.raises(ModelError, match=r"not a fitgap model file: .*; name a trial, or write"):
        load_model(tmp_path / "model.npz")


def test_files_of_another_format(trained, tmp_path):
    path = tmp_path / "model.npz"
    save_model(model_of_trial(trained("filled")[0], 1, at="best"), path)
    redescribed(path, format="fitgap model 4")
    with pytest.raises(ModelError, match="has the format 'fitgap model 4', but this program reads 'fitgap model 3'"):
        load_model(path)


def test_paths_that_lead_nowhere(trained, tmp_path):
    with pytest.raises(ModelError, match=r"there is no file .*nothing\.npz; `fitgap export TRIAL -o"):
        load_model(tmp_path / "nothing.npz")
    with pytest.raises(ModelError, match="is not a fitgap model file: Is a directory; name a trial"):
        load_model(tmp_path)
    named = model_of_trial(trained("filled")[0], 1, at="best")
    with pytest.raises(ModelError, match="cannot be written: No such file or directory; check the path"):
        save_model(named, tmp_path / "missing" / "model.npz")
    with pytest.raises(ModelError, match="is a folder; name a file"):
        save_model(named, tmp_path)


def test_a_model_needs_nothing_but_its_file(trained, folder, tmp_path):
    # Read back where neither the database nor the data are.
    store, prepared = trained("intervals")
    named = model_of_trial(store, 1, at="best")
    save_model(named, tmp_path / "model.npz")
    loaded = load_model(tmp_path / "model.npz")
    assert (loaded.input_names, loaded.class_names) == (("a", "b", "c"), ("ant", "bee", "cat"))
    dataset = load_dataset(str(folder / "animals.csv"), target=["kind"])
    assert predictions(loaded, dataset.inputs) == predictions(named, prepared.dataset.inputs)


def test_asking_does_not_write(folder, trained):
    trained("filled")
    path = folder / "filled.db"
    before = path.read_bytes()
    with open_store(str(path)) as store:
        model_of_trial(store, 1, at="last")
    assert path.read_bytes() == before


def test_a_pipe_is_no_model_file_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "model.npz")
    with pytest.raises(ModelError, match="is not a file; name a model file"):
        load_model(tmp_path / "model.npz")


def test_a_stored_network_that_does_not_fit_its_layers_is_refused_in_one_line(folder, tmp_path):
    store, _ = run(folder, KEEPING.format(keep="last"), tmp_path / "x.db")
    connection = sqlite3.connect(tmp_path / "x.db")
    with connection:
        connection.execute("UPDATE snapshot SET content = ?", [packed({"parameters": np.zeros(3, np.float32)})])
    connection.close()
    with pytest.raises(
        StoreError, match=r"its layers need \d+ parameters, but the stored network has 3; the database is damaged"
    ):
        model_of_trial(store, store.trials("sweep")[0]["trial"], at="last")
