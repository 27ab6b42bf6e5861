"""Random packs of dense networks and the digests of everything that comes out of training them.

    python tests/support/golden/random_packs.py [FIRST LAST] > tests/golden/packs.txt

All settings are listed here and drawn by number, so that new variants and parameters of the program change no pack.
"""

import hashlib
import itertools
import sys

import numpy as np
from fitgap.core.activations import ACTIVATIONS
from fitgap.core.initializers import INITIALIZERS
from fitgap.core.losses import LOSSES
from fitgap.core.members import Member, PackShape
from fitgap.core.network_shape import dense_network
from fitgap.core.optimizers import OPTIMIZERS
from fitgap.core.preprocessing import Examples
from fitgap.core.regularizers import REGULARIZERS
from fitgap.core.schedules import SCHEDULES
from fitgap.core.stopping import STOPPINGS
from fitgap.core.target_coding import READINGS
from fitgap.core.training import Pack

PACKS = 300
SIZES = (1, 2, 3, 5, 8, 9, 15, 16, 17, 33, 70)
FUNCTIONS = (
    ("identity", {}),
    ("sigmoid", {"beta": 1.3, "gamma": 0.7, "learn": "beta+gamma"}),
    ("sigmoid", {}),
    ("tanh", {}),
    ("relu", {}),
    ("prelu", {"beta": 0.2, "learn": "beta"}),
    ("silu", {"beta": 0.8, "learn": "beta"}),
    ("elu", {"beta": 1.1}),
    ("softplus", {"gamma": 0.9, "learn": "gamma"}),
    ("mish", {}),
    ("squareplus", {"beta": 2.0, "share": 2.0}),
)
STARTS = ("auto", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "uniform", "normal")
STEPS = (
    ("gradient_descent", {"rate": 0.05}),
    ("momentum", {"rate": 0.02}),
    ("heavy_ball", {"rate": 0.02}),
    ("nesterov", {"rate": 0.02}),
    ("rmsprop", {"rate": 0.003}),
    ("adam", {"rate": 0.01}),
    ("adam", {"rate": 0.003, "beta_1": 0.8}),
    ("adamw", {"rate": 0.01, "weight_decay": 0.05}),
)
PENALTIES = (
    ("l1", {"weight": 0.001}),
    ("l2", {"weight": 0.01, "biases": True}),
    ("l2", {"weight": 0.02, "scope": "input"}),
    ("dropout", {"ratio": 0.2}),
    ("dropout", {"ratio": 0.5, "scope": "hidden"}),
)
RATES = (("constant", {}), ("cosine", {}), ("step", {"every": 2}), ("exponential", {"warm_up": 2}))
STATISTICS = ("units", "dead", "saturated", "weights", "near_zero", "rms", "rms_start", "gradient")
STOPS = ((), (("no_improvement", {"epochs": 1, "restore": "best"}),), (("acceptable_error", {"error": 0.2}),))


def drawn(rng, table, listed):
    """A random choice of the listed variants of a table."""
    name, settings = listed[rng.integers(len(listed))]
    return table[name](**settings)


def drawn_penalties(rng):
    """No regularizer, one, or two of different kinds."""
    chosen = [PENALTIES[number] for number in rng.permutation(len(PENALTIES))[: rng.integers(3)]]
    by_kind = {name: REGULARIZERS[name](**settings) for name, settings in chosen}
    return tuple(by_kind.values())


def drawn_member(rng, depth):
    """A member with up to three functions in each of its layers."""
    layers = [[drawn(rng, ACTIVATIONS, FUNCTIONS) for _ in range(rng.choice([1, 1, 2, 3]))] for _ in range(depth)]
    return Member(
        activations=tuple(map(tuple, layers)),
        initializer=INITIALIZERS[STARTS[rng.integers(len(STARTS))]](),
        regularizers=drawn_penalties(rng),
        optimizer=drawn(rng, OPTIMIZERS, STEPS),
        schedule=drawn(rng, SCHEDULES, RATES),
        stopping=tuple(STOPPINGS[name](**settings) for name, settings in STOPS[rng.integers(len(STOPS))]),
        epochs=int(rng.integers(1, 5)),
        seed=int(rng.integers(2)),
        repeat=int(rng.integers(3)),
    )


def drawn_shape(rng, sizes):
    """In about half of the packs the targets are numbers, in the others classes with one output each."""
    classes = sizes[-1] if sizes[-1] > 1 and rng.random() < 0.5 else 0
    loss = "softmax_cross_entropy" if classes and rng.random() < 0.5 else "half_squared_error"
    return PackShape(
        dense_network(sizes),
        batch_size=int(rng.integers(1, 13)),
        loss=LOSSES[loss](),
        reading=READINGS["one_per_class" if classes else "numbers"](),
        class_count=classes,
        dtype=str(rng.choice(["float32", "float64"])),
        measured_examples=[None, None, 7][rng.integers(3)],
    )


def drawn_examples(rng, sizes, counts, dtype):
    """Normally distributed inputs, and targets between 0 and 1."""
    inputs = [rng.normal(size=(count, sizes[0])).astype(dtype) for count in counts]
    targets = [rng.uniform(size=(count, sizes[-1])).astype(dtype) for count in counts]
    return Examples(inputs[0], targets[0], inputs[1], targets[1], ())


def digest_of(number):
    """The results of training a pack: its numbers of members and epochs, and a digest of all bytes."""
    rng = np.random.default_rng(number)
    sizes = tuple(int(size) for size in rng.choice(SIZES, rng.integers(2, 5)))
    shape, counts = drawn_shape(rng, sizes), (int(rng.integers(1, 40)), int(rng.choice([1, 2, 20, 129])))
    members = [drawn_member(rng, len(sizes) - 1) for _ in range(rng.integers(1, 7))]
    examples = {repeat: drawn_examples(rng, sizes, counts, shape.dtype) for repeat in range(3)}
    pack, found, epochs = Pack(shape, members, examples), hashlib.sha256(), 0
    for results in pack.run():
        epochs += len(results.members)
        for field in ("members", "e_t", "e_v", "e_t_running", "accuracy_v", "learning_rate"):
            found.update(getattr(results, field).tobytes())
        for member in results.members.tolist():
            state = pack.state_of(member)
            found.update(state.parameters.tobytes() + state.slots.tobytes())
        if results.finished.any():
            for layer in itertools.chain(*pack.evidence.statistics(np.flatnonzero(results.finished))):
                found.update(repr([getattr(layer, name) for name in STATISTICS]).encode())
    return f"{number} {'-'.join(map(str, sizes))} {len(members)} {epochs} {found.hexdigest()[:16]}"


if __name__ == "__main__":
    first, last = map(int, sys.argv[1:]) if sys.argv[1:] else (0, PACKS - 1)
    print("\n".join(map(digest_of, range(first, last + 1))))
