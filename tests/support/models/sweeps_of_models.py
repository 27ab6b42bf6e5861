"""Sweeps whose networks are exported from the store, and the small data files on which they train."""

import numpy as np
from fitgap.core.activations import ACTIVATIONS
from fitgap.runner.driver import drive, write_sweep
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store import open_store_for_writing


def houses(folder):
    """Numeric targets; a text column, and missing values in numbers and text."""
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
    """Three classes; another file has two classes for the same animals."""
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
# Together they cover every reading, loss and activation, both dtypes, and all ways of scaling.
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


def train_sweep(folder, text, database):
    """The store after training the sweep, and the prepared sweep."""
    prepared = prepare_sweep(sweep_from_text(text, str(folder / "sweep.yaml")))
    store = open_store_for_writing(str(database))
    drive(store, write_sweep(store, prepared), engine="local", workers=None, on_block=lambda block: None)
    return store, prepared
