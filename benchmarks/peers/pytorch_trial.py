"""One trial of a sweep in PyTorch, with the same layers, activation, optimizer, dropout and examples."""

import torch
from fitgap.core.dropout import dropout_of
from fitgap.core.preprocessing import Examples
from fitgap.runner.messages import PackTask

from benchmarks.peers.pytorch import half_squared_error, perceptron, train_epoch

ACTIVATIONS = {
    "ReLU": torch.nn.ReLU,
    "Tanh": torch.nn.Tanh,
    "Sigmoid": torch.nn.Sigmoid,
    "PReLU": lambda: torch.nn.LeakyReLU(0.01),
}
OPTIMIZERS = {
    "GradientDescent": lambda parameters, rate: torch.optim.SGD(parameters, lr=rate),
    "Momentum": lambda parameters, rate: torch.optim.SGD(parameters, lr=rate, momentum=0.9, dampening=0.1),
    "RMSProp": lambda parameters, rate: torch.optim.RMSprop(parameters, lr=rate, alpha=0.9),
    "Adam": lambda parameters, rate: torch.optim.Adam(parameters, lr=rate),
}


class PyTorchTrial:
    """Trains the only member of a pack, and measures E_t and E_v after every epoch."""

    def __init__(self, task: PackTask, examples: dict[int, Examples]):
        torch.set_num_threads(1)
        (member,) = task.members
        dropout = dropout_of(member)
        activation = ACTIVATIONS[type(member.activations[0][0]).__name__]
        self.network = perceptron(task.shape.network.sizes, activation, dropout.ratio if dropout else 0.0)
        optimizer = OPTIMIZERS[type(member.optimizer).__name__]
        self.optimizer = optimizer(self.network.parameters(), member.optimizer.rate)
        chosen = examples[member.repeat]
        self.training = tuple(map(torch.from_numpy, (chosen.training_inputs, chosen.training_targets)))
        self.validation = tuple(map(torch.from_numpy, (chosen.validation_inputs, chosen.validation_targets)))

    def train_epoch(self) -> dict[str, float]:
        self.network.train()
        train_epoch(self.network, self.optimizer, *self.training)
        self.network.eval()
        return {"e_t": self.measure(*self.training), "e_v": self.measure(*self.validation)}

    def measure(self, inputs: torch.Tensor, targets: torch.Tensor) -> float:
        with torch.no_grad():
            return half_squared_error(self.network(inputs), targets).item()
