"""Data variants: the ways in which the configurations of a sweep use the examples of a repeat, and measure errors."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from fitgap.core.preprocessing import Preparation
from fitgap.runner.spec import Choice, Configuration, Sweep


@dataclass(frozen=True)
class DataVariant:
    """How a configuration uses the training examples of a repeat; by default all, with the settings of the sweep.

    `preprocess` and `loss` are None if they are those of the sweep.
    """

    training_examples: float | int | None = None
    label_noise: float = 0.0
    preprocess: str | None = None
    loss: Choice | None = None

    @property
    def label(self) -> str | None:
        """The settings that are not defaults, such as `training_examples=50,label_noise=0.1`; None if all are."""
        loss = self.loss.label if self.loss else None
        settings = {"training_examples": self.training_examples, "label_noise": self.label_noise or None}
        return joined({**settings, "preprocess": self.preprocess, "loss": loss})

    @property
    def of_peers(self) -> "DataVariant":
        """The settings shared by all variants whose errors a verdict may compare: all but the scaling of inputs."""
        return replace(self, preprocess=None)

    def applied_to(self, preparation: Preparation) -> Preparation:
        """The preparation of examples in this variant."""
        return replace(
            preparation,
            training_examples=self.training_examples,
            label_noise=self.label_noise,
            preprocess=self.preprocess or preparation.preprocess,
        )


WHOLE = DataVariant()


def joined(settings: dict[str, Any]) -> str | None:
    """The settings that are not None in shorthand."""
    return ",".join(f"{name}={value}" for name, value in settings.items() if value is not None) or None


def variant_of(configuration: Configuration, sweep: Sweep) -> DataVariant:
    """The variant of a configuration in a sweep."""
    loss = configuration.loss if configuration.loss != sweep.training.loss else None
    return DataVariant(configuration.training_examples, configuration.label_noise, configuration.preprocess, loss)


def variants_of_sweep(sweep: Sweep) -> Iterator[DataVariant]:
    """The variants of all combinations of a sweep's alternatives."""
    losses = [loss if loss != sweep.training.loss else None for loss in sweep.axes["loss"]]
    settings = (sweep.axes[name] for name in ("training_examples", "label_noise", "preprocess"))
    return itertools.starmap(DataVariant, itertools.product(*settings, losses))


def variants_of(configurations: Iterable[Configuration], sweep: Sweep) -> set[DataVariant]:
    """The distinct variants of these configurations, and their `of_peers`."""
    found = {variant_of(each, sweep) for each in configurations}
    return found | {each.of_peers for each in found}
