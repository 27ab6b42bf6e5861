"""The networks of the search in scikit-learn and PyTorch, one epoch at a time: the same layers, loss and penalty."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.search_space import split_examples

TrainEpoch = Callable[[], float]


@dataclass(frozen=True)
class Choice:
    """The settings that a search has chosen."""

    width: int
    activation: str
    batch_size: int
    weight: float
    rate: float


def begin_scikit_learn(choice: Choice, seed: int) -> TrainEpoch:
    """A function that trains an MLPClassifier for one more epoch and returns E_v, the cross entropy."""
    from sklearn.neural_network import MLPClassifier

    inputs, classes, validation_inputs, validation_classes = split_examples()
    network = MLPClassifier(
        hidden_layer_sizes=(choice.width,),
        activation={"sigmoid": "logistic"}.get(choice.activation, choice.activation),
        batch_size=choice.batch_size,
        # MLPClassifier divides the penalty by the number of examples in a batch.
        alpha=choice.weight * choice.batch_size,
        learning_rate_init=choice.rate,
        random_state=seed,
    )
    known = np.unique(classes)
    rows = np.arange(len(validation_classes))

    def train_epoch() -> float:
        network.partial_fit(inputs, classes, classes=known)
        shares = network.predict_proba(validation_inputs)[rows, validation_classes]
        return float(-np.log(np.maximum(shares, np.finfo(np.float32).tiny)).mean())

    return train_epoch


def begin_pytorch(choice: Choice, seed: int) -> TrainEpoch:
    """The same for a PyTorch module, trained with the loop of PyTorch's tutorials."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    inputs, classes, validation_inputs, validation_classes = map(torch.from_numpy, split_examples())
    activation = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid}[choice.activation]
    layers = torch.nn.Linear(inputs.shape[1], choice.width), torch.nn.Linear(choice.width, 10)
    network = torch.nn.Sequential(layers[0], activation(), layers[1])
    penalized = {"params": [layer.weight for layer in layers], "weight_decay": choice.weight}
    optimizer = torch.optim.Adam([penalized, {"params": [layer.bias for layer in layers]}], lr=choice.rate)
    loss = torch.nn.CrossEntropyLoss()

    def train_epoch() -> float:
        order = torch.randperm(len(inputs))
        for start in range(0, len(inputs), choice.batch_size):
            rows = order[start : start + choice.batch_size]
            optimizer.zero_grad()
            loss(network(inputs[rows]), classes[rows]).backward()
            optimizer.step()
        with torch.no_grad():
            return float(loss(network(validation_inputs), validation_classes))

    return train_epoch


BEGIN = {"scikit-learn": begin_scikit_learn, "pytorch": begin_pytorch}
