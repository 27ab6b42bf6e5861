"""Changes: a remedy applied to a configuration, with the axis, the direction, and the old and new alternatives."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fitgap.core.fit_facts import FoundCause
from fitgap.core.fit_remedies import Remedy
from fitgap.core.members import why_untrainable
from fitgap.core.variants import ParameterError
from fitgap.runner.diagnosis.applied_remedies import APPLIED, Direction
from fitgap.runner.spec import Configuration
from fitgap.runner.spec.axes import AXES
from fitgap.runner.spec.configuration import fixed_functions


@dataclass(frozen=True)
class Change:
    """A change of one axis of a configuration.

    `setting` is the axis or one of its parameters, such as `optimizer.rate`. `before` and `after` are the alternatives
    in the notation of options and sweep files, and `configuration` is the changed configuration.
    """

    remedy: Remedy
    axis: str
    setting: str
    direction: Direction
    before: str | float
    after: str | float
    configuration: Configuration

    def plain(self) -> dict[str, Any]:
        """This change as JSON-ready data."""
        return {
            "remedy": self.remedy.value,
            "axis": self.axis,
            "setting": self.setting,
            "direction": self.direction.value,
            "from": self.before,
            "to": self.after,
            "configuration": self.configuration.hash,
        }


def changes_for(found: FoundCause, configuration: Configuration) -> list[Change]:
    """The remedies of a cause as changes to a configuration, without those that change nothing."""
    return list(each_change(found.remedies, found, configuration))


def each_change(remedies: Iterable[Remedy], found: FoundCause, configuration: Configuration) -> Iterator[Change]:
    for remedy in remedies:
        setting, direction, apply = APPLIED[remedy]
        try:
            changed = apply(configuration, found)
        except ParameterError:
            continue
        if changed is not None and changed != configuration and is_trainable(changed):
            axis = setting.partition(".")[0]
            before, after = alternative(configuration, axis), alternative(changed, axis)
            yield Change(remedy, axis, setting, direction, before, after, changed)


def is_trainable(configuration: Configuration) -> bool:
    """Whether its functions, optimizer and loss are compatible."""
    choices = (*fixed_functions(configuration.architecture), *configuration.all_functions)
    functions = tuple(tuple(choice.variant for choice in layer) for layer in choices)
    return not why_untrainable(functions, configuration.optimizer.variant, configuration.loss.variant)


def alternative(configuration: Configuration, axis: str) -> str | float:
    """The alternative of an axis in a configuration, in the notation of options and sweep files."""
    labels: dict[str, str | float] = {
        "architecture": configuration.architecture_label,
        "activation": configuration.activation_label,
        "regularizer": configuration.regularizer_label,
        "optimizer": configuration.optimizer.label,
        "schedule": configuration.schedule.label,
        "stopping": configuration.stopping_label,
        "initializer": configuration.initializer.label,
        "output_activation": configuration.output_activation_label,
        "batch_size": configuration.batch_size,
        "epochs": configuration.epochs,
        "training_examples": AXES["training_examples"].write(configuration.training_examples),
        "label_noise": configuration.label_noise,
        "preprocess": AXES["preprocess"].write(configuration.preprocess),
        "loss": configuration.loss.label,
    }
    return labels[axis]
