"""Problems: sweeps in which some configurations are bad on purpose, with any number of fresh examples.

Every problem has at least one good configuration, so the excess of the others is known.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from fitgap.core.datasets import Dataset
from fitgap.core.losses import LOSSES
from fitgap.core.optimizers import OPTIMIZERS
from fitgap.core.randomness import Purpose, generator
from fitgap.core.regularizers import REGULARIZERS
from fitgap.core.stopping import STOPPINGS
from fitgap.core.target_coding import READINGS, ZeroOne
from fitgap.core.variants import Variant
from fitgap.runner.spec.axes import AXES

from support.scenarios.measured import MEASURED
from support.scenarios.scenarios import SCENARIOS, Case, Scenario, bent, drawn, linear, made, wavy

Draw = Callable[[int, int], Dataset]


@dataclass(frozen=True)
class Problem:
    """A data set, how its networks are trained, and its configurations: alternatives of axes, as in a sweep file."""

    name: str
    load: Callable[[int], Dataset]
    fresh: Draw | None
    configurations: Sequence[Mapping[str, Any]]
    training: Mapping[str, Any] = field(default_factory=dict)
    validation: float = 0.3
    preprocess: str = "standard"


def of_scenario(scenario: Scenario) -> Problem:
    """A problem made from a scenario of the verdict tests."""
    return Problem(
        name=scenario.name,
        load=scenario.load,
        fresh=scenario.fresh,
        configurations=[settings_of(scenario, case) for case in scenario.cases],
        training={"outputs": named(scenario.reading, READINGS)[0], "loss": dict([named(scenario.loss, LOSSES)])},
        validation=scenario.validation,
        preprocess=scenario.preprocess,
    )


def settings_of(scenario: Scenario, case: Case) -> dict[str, Any]:
    output = "sigmoid" if isinstance(scenario.reading, ZeroOne) and not scenario.loss.link else "identity"
    return {
        "architecture": "-".join(map(str, case.hidden)) or "none",
        "activation": type(case.activation).__name__.lower(),
        "regularizer": dict(named(each, REGULARIZERS) for each in case.regularizers) or "none",
        "optimizer": dict([named(case.optimizer(rate=case.rate), OPTIMIZERS)]),
        "stopping": dict(named(each, STOPPINGS) for each in case.stopping) or "none",
        "schedule": type(scenario.schedule).__name__.lower(),
        "output_activation": output,
        "batch_size": scenario.batch_size,
        "epochs": case.epochs or scenario.epochs,
    }


def named(variant: Variant, table: Mapping[str, type[Variant]]) -> tuple[str, dict[str, Any]]:
    """A variant as in a sweep file."""
    return next(name for name, kind in table.items() if kind is type(variant)), variant.settings()


def quadrants(count: int) -> dict[str, Callable]:
    """Two inputs; the class is the sign of their product."""

    def draw(seed: int, examples: int = count) -> Dataset:
        x = generator(seed, 0, Purpose.DATA).uniform(-1, 1, (examples, 2))
        y = (x[:, 0] * x[:, 1] > 0).astype(float)[:, np.newaxis]
        return Dataset("quadrants", x, y, "classes", ("x_0", "x_1"), ("class",), ("0", "1"))

    return {"load": draw, "fresh": lambda seed, examples: draw(1_000_000 + seed, examples)}


def settings(**axes: Any) -> dict[str, Any]:
    assert axes.keys() <= AXES.keys()
    return axes


MOONS = {"training": {"outputs": "zero_one"}, **drawn("moons", examples=400, noise=0.3)}
SIGMOID = {"output_activation": "sigmoid"}

OWN = (
    Problem(
        "learning rates",
        configurations=[
            settings(architecture="16", optimizer=optimizer, epochs=100, **SIGMOID)
            for optimizer in (
                *("adam:rate=0.003", "adam:rate=0.3", "adam:rate=3", "adam:rate=1e-6"),
                *("gradient_descent:rate=0.1", "gradient_descent:rate=1e-5", "gradient_descent:rate=100"),
            )
        ],
        **MOONS,
    ),
    Problem(
        "rates of a regression",
        configurations=[
            settings(architecture="24", optimizer=optimizer, epochs=60)
            for optimizer in ("adam:rate=0.003", "adam:rate=1", "adam:rate=3", "gradient_descent:rate=1e-5")
        ],
        **made(300, 5, linear, 0.5),
    ),
    Problem(
        "many layers",
        configurations=[
            settings(architecture="16-16", optimizer="adam:rate=0.01", epochs=100, **SIGMOID),
            *(
                settings(architecture="8-8-8-8-8-8", activation=name, optimizer=optimizer, epochs=100, **SIGMOID)
                for name in ("sigmoid", "tanh")
                for optimizer in ("gradient_descent:rate=0.1", "adam:rate=0.003")
            ),
        ],
        training={"outputs": "zero_one"},
        **quadrants(400),
    ),
    Problem(
        "too small to bend",
        configurations=[
            settings(architecture=hidden, activation=name, optimizer="adam:rate=0.01", epochs=150)
            for hidden, name in (("64", "relu"), ("none", "relu"), ("8", "identity"), ("1", "relu"), ("2", "tanh"))
        ],
        **made(400, 3, wavy, 0.1),
    ),
    Problem(
        "held down",
        configurations=[
            settings(architecture="32", optimizer="adam:rate=0.01", epochs=100, regularizer=regularizer)
            for regularizer in (
                *("none", "l2:weight=1", "l2:weight=0.3", "l1:weight=0.3", "dropout:ratio=0.9"),
                "l2:weight=1+dropout:ratio=0.5",
            )
        ],
        **made(400, 3, wavy, 0.1),
    ),
    Problem(
        "too few steps",
        configurations=[
            settings(architecture="32", optimizer="adam:rate=0.003", epochs=epochs, batch_size=size)
            for epochs, size in ((100, 16), (1, 16), (5, 16), (30, 400))
        ],
        **made(400, 3, wavy, 0.1),
    ),
    Problem(
        "learned by heart",
        configurations=[
            settings(architecture="16", optimizer="adam:rate=0.003", epochs=100, regularizer="l1:weight=0.03"),
            settings(architecture="256-256", optimizer="adam:rate=0.003", epochs=200),
            settings(architecture="64", optimizer="adam:rate=0.003", epochs=1000),
            settings(architecture="64-64", optimizer="adam:rate=0.003", epochs=200, regularizer="l2:weight=1e-4"),
            settings(architecture="256", optimizer="adam:rate=0.003", epochs=300, regularizer="dropout:ratio=0.05"),
        ],
        **made(150, 20, bent, 0.5),
    ),
)
PROBLEMS = (*map(of_scenario, (*SCENARIOS, *MEASURED)), *OWN)
