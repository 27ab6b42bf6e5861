"""Training with weights of classes and of examples compared with PyTorch, in float64, with each loss.

Weights are those of scikit-learn's `compute_sample_weight`, multiplied by the column of the file. PyTorch receives
weights of classes through its own arguments where it has them. The comparison is that of `test_pytorch.py`: after 240
steps, each weight matrix and bias vector agrees to 1e-9, and so do E_t and E_v.
"""

import numpy as np
import pytest
import torch
from fitgap.core.activations import Identity, Tanh
from fitgap.core.datasets import Dataset, Division, split_examples
from fitgap.core.initializers import GlorotNormal
from fitgap.core.losses import LOSSES
from fitgap.core.members import Member, PackShape
from fitgap.core.network_shape import dense_network
from fitgap.core.optimizers import Adam, GradientDescent, Nesterov
from fitgap.core.preprocessing import Preparation, prepare_examples
from fitgap.core.randomness import Purpose, generator
from fitgap.core.schedules import Constant
from fitgap.core.target_coding import READINGS, Numbers
from fitgap.core.training import Pack
from sklearn.utils.class_weight import compute_sample_weight
from support.sampling import every

SEED, REPEAT, EXAMPLES, BATCH_SIZE, EPOCHS, HIDDEN = 7, 1, 60, 7, 40, 5
TOLERANCE = 1e-9
DIVISION = Division(0.3)
# Class weights, and whether a column contains example weights.
WEIGHTS = {
    "balanced": ("balanced", False),
    "given": ((3.0, 0.5, 1.25), False),
    "column": (None, True),
    "column and balanced": ("balanced", True),
}
OPTIMIZERS_THERE = {
    GradientDescent(rate=0.1): lambda parameters: torch.optim.SGD(parameters, lr=0.1, foreach=False),
    Adam(rate=0.02): lambda parameters: torch.optim.Adam(parameters, lr=0.02, eps=1e-8, foreach=False),
    Nesterov(rate=0.1, beta=0.8): lambda parameters: torch.optim.SGD(
        parameters, lr=0.1 * (1 - 0.8), momentum=0.8, nesterov=True, foreach=False
    ),
}
# Each loss with its target coding and number of classes (0 for numbers).
CODINGS = {
    "half_squared_error": [(READINGS["one_per_class"](), 3), (Numbers(), 0)],
    "softmax_cross_entropy": [(READINGS["one_per_class"](), 3)],
    "sigmoid_cross_entropy": [(READINGS["zero_one"](), 2)],
}
CASES = [
    (loss, reading, classes, weights, optimizer)
    for loss in LOSSES
    for reading, classes in CODINGS[loss]
    for weights in WEIGHTS
    for optimizer in OPTIMIZERS_THERE
    if classes or weights == "column"
]


def name_of(case):
    loss, reading, _, weights, optimizer = case
    return f"{loss}-{type(reading).__name__}-{weights}-{type(optimizer).__name__}"


torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


def data_of(classes, has_column):
    """Classes of different sizes, or numbers, with weights that vary a hundredfold, some of them 0."""
    rng = np.random.default_rng(60)
    inputs = rng.normal(size=(EXAMPLES, 3))
    targets = (
        rng.choice(classes, EXAMPLES, p=[0.7, 0.2, 0.1][:classes] / np.sum([0.7, 0.2, 0.1][:classes]))
        if classes
        else rng.normal(size=EXAMPLES)
    )
    column = rng.lognormal(0, 1.5, EXAMPLES) * (rng.random(EXAMPLES) > 0.1)
    return Dataset(
        *("data", inputs, targets[:, None].astype(float), "classes" if classes else "numbers"),
        *(("a", "b", "c"), ("y",), tuple("xyz"[:classes])),
        marks={"weight": column} if has_column else {},
    )


def sides_of(dataset, class_weight):
    """For each side, the rows of its examples and their weights, normalized to a mean of 1."""
    split = split_examples(dataset, DIVISION, seed=SEED, repeat=REPEAT)
    labels = dataset.targets[:, 0]
    if class_weight == "balanced":
        trained = labels[split.training]
        present = np.unique(trained)
        of_class = {each: len(trained) / (len(present) * np.sum(trained == each)) for each in present}
        expected = compute_sample_weight("balanced", trained)
        np.testing.assert_allclose([of_class[each] for each in trained], expected, rtol=1e-14)
    else:
        of_class = dict(enumerate(class_weight or ()))
    weights = compute_sample_weight(of_class, labels) if of_class else np.ones(EXAMPLES)
    weights = weights * dataset.marks.get("weight", 1.0)
    return [(rows, weights[rows] / weights[rows].mean()) for rows in (split.training, split.validation)]


def errors_there(loss, outputs, targets):
    """The errors of the examples, without weights."""
    if loss == "softmax_cross_entropy":
        return torch.nn.functional.cross_entropy(outputs, targets.argmax(1), reduction="none")
    if loss == "sigmoid_cross_entropy":
        return torch.nn.functional.binary_cross_entropy_with_logits(outputs, targets, reduction="none").sum(1)
    return torch.nn.functional.mse_loss(outputs, targets, reduction="none").sum(1) / 2


def test_pytorch_weights_classes_in_the_same_way():
    """Errors with `reduction="none"` times weights equal those of PyTorch's argument `weight`."""
    outputs, classes = torch.randn(9, 3), torch.arange(9) % 3
    of_class = torch.tensor([3.0, 0.5, 1.25])
    mine = (errors_there("softmax_cross_entropy", outputs, torch.eye(3)[classes]) * of_class[classes]).sum()
    theirs = torch.nn.functional.cross_entropy(outputs, classes, weight=of_class, reduction="sum")
    assert float(mine) == pytest.approx(float(theirs), rel=1e-14)


def trained_there(loss, optimizer, examples, weights):
    """The network after the last epoch, trained by PyTorch."""
    sizes = examples.training_inputs.shape[1], HIDDEN, examples.training_targets.shape[1]
    network = torch.nn.Sequential(torch.nn.Linear(*sizes[:2]), torch.nn.Tanh(), torch.nn.Linear(*sizes[1:]))
    with torch.no_grad():
        for layer, linear in enumerate((network[0], network[2]), start=1):
            drawn = GlorotNormal().draw(*sizes[layer - 1 : layer + 1], seed=SEED, repeat=REPEAT, layer=layer)
            linear.weight.copy_(torch.from_numpy(drawn))
            linear.bias.zero_()
    stepper = OPTIMIZERS_THERE[optimizer](network.parameters())
    inputs, targets = map(torch.from_numpy, (examples.training_inputs, examples.training_targets))
    for epoch in range(1, EPOCHS + 1):
        order = generator(SEED, REPEAT, Purpose.BATCHES, epoch).permutation(len(inputs))
        for start in range(0, len(order), BATCH_SIZE):
            rows = order[start : start + BATCH_SIZE]
            cost = (errors_there(loss, network(inputs[rows]), targets[rows]) * torch.from_numpy(weights[rows])).mean()
            stepper.zero_grad()
            cost.backward()
            stepper.step()
    return network


# 5 is coprime to the numbers of optimizers and weights, so the fifth contains all of these.
@pytest.mark.parametrize("case", every(5, CASES), ids=name_of)
def test_a_weighted_training_agrees_with_that_of_pytorch(case):
    loss, reading, classes, weights, optimizer = case
    class_weight, has_column = WEIGHTS[weights]
    class_weight = class_weight[:classes] if isinstance(class_weight, tuple) else class_weight
    dataset = data_of(classes, has_column)
    preparation = Preparation(DIVISION, "standard", "standard", class_weight=class_weight)
    examples = prepare_examples(dataset, preparation, reading, seed=SEED, repeat=REPEAT, dtype="float64")
    (_, training), (_, validation) = sides_of(dataset, class_weight)
    np.testing.assert_allclose(examples.training_weights, training, rtol=1e-13)
    assert training.max() / training[training > 0].min() > 1.5
    shape = PackShape(
        *(
            dense_network((3, HIDDEN, examples.training_targets.shape[1])),
            BATCH_SIZE,
            LOSSES[loss](),
            reading,
            classes,
            "float64",
        )
    )
    functions = ((Tanh(),), (Identity(),))
    member = Member(functions, GlorotNormal(), (), optimizer, Constant(), (), EPOCHS, SEED, REPEAT)
    pack = Pack(shape, [member], {REPEAT: examples})
    for results in pack.run():
        last, layout, parameters = results, pack.networks.layout, pack.networks.parameters.copy()
    assert last.epoch == EPOCHS
    network = trained_there(loss, optimizer, examples, training)
    here = [
        part[0].ravel()
        for pair in zip(layout.weights_in_training(parameters), layout.biases(parameters), strict=True)
        for part in pair
    ]
    there = [part.detach().numpy().ravel() for part in network.parameters()]
    for mine, theirs in zip(here, there, strict=True):
        assert abs(mine - theirs).max() <= TOLERANCE * abs(theirs).max()
    for found, own, side in ((last.e_t, training, "training"), (last.e_v, validation, "validation")):
        inputs, targets = (torch.from_numpy(getattr(examples, f"{side}_{what}")) for what in ("inputs", "targets"))
        with torch.no_grad():
            expected = np.average(errors_there(loss, network(inputs), targets).numpy(), weights=own)
        assert found[0] == pytest.approx(expected, rel=TOLERANCE)


def test_weights_are_no_formality():
    """Without them, the same training gives a different result."""
    dataset = data_of(3, has_column=False)
    preparation = Preparation(DIVISION, "standard", "standard", class_weight="balanced")
    examples = prepare_examples(
        dataset, preparation, READINGS["one_per_class"](), seed=SEED, repeat=REPEAT, dtype="float64"
    )
    steps = GradientDescent(rate=0.1)
    with_weights, without = (
        trained_there("softmax_cross_entropy", steps, examples, weights)[0].weight.detach().numpy()
        for weights in (examples.training_weights, np.ones(len(examples.training_inputs)))
    )
    assert abs(with_weights - without).max() > 0.05


def test_every_loss_is_compared():
    assert {case[0] for case in CASES} == set(LOSSES)
    assert EPOCHS * -(-round(0.7 * EXAMPLES) // BATCH_SIZE) >= 200
    for part in (range(len(CASES)), range(0, len(CASES), 5)):
        assert {CASES[number][3] for number in part} == set(WEIGHTS), "at night, and with every commit"
