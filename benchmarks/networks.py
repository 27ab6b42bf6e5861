"""The networks of the `core` table, in a form that each peer can translate."""

from dataclasses import dataclass

ACTIVATIONS = ("relu", "tanh", "sigmoid", "prelu")
OPTIMIZERS = ("gradient_descent", "momentum", "rmsprop", "adam")
RATES = {"gradient_descent": 0.1, "momentum": 0.1, "rmsprop": 1e-3, "adam": 1e-3}
DROPOUT = 0.2
REPEATS = 4
# Combinations of activation and optimizer; sixteen successive networks cover each combination once.
KIND_COUNT = len(ACTIVATIONS) * len(OPTIMIZERS)


@dataclass(frozen=True)
class Network:
    """One network to train: activation, optimizer, whether it uses dropout, and its repeat, counted from 0."""

    activation: str
    optimizer: str
    dropout: bool
    repeat: int


def networks(count: int, *, mixed: bool) -> list[Network]:
    """`count` networks over four repeats: all with relu and Adam, or of mixed kinds, half of them with dropout."""
    return [network(number, number * REPEATS // count, mixed) for number in range(count)]


def network(number: int, repeat: int, mixed: bool) -> Network:
    if not mixed:
        return Network("relu", "adam", dropout=False, repeat=repeat)
    # Shift by one after every four networks, so that sixteen networks cover all combinations.
    optimizer = OPTIMIZERS[(number + number // 4) % 4]
    return Network(ACTIVATIONS[number % 4], optimizer, dropout=(number + number // 8) % 2 == 0, repeat=repeat)


def layer_sizes(text: str) -> tuple[int, ...]:
    """The units of every layer, inputs first, parsed from text such as `64-32-10`."""
    return tuple(map(int, text.split("-")))
