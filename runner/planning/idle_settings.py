"""Settings of a new sweep that make no difference to its networks."""

from collections.abc import Iterator

from fitgap.core.layers.recurrent import Recurrent
from fitgap.runner.planning.networks import network_of
from fitgap.runner.planning.preparation import PreparedSweep
from fitgap.runner.spec.architectures import layer_of
from fitgap.runner.spec.configuration import HiddenLayer, architecture_label

MOST_NAMES = 3


def idle_settings(prepared: PreparedSweep) -> list[str]:
    """One line for each kind of setting that has no effect; usually none."""
    return [*idle_truncations(prepared), *idle_activations(prepared)]


def idle_truncations(prepared: PreparedSweep) -> Iterator[str]:
    """A line about recurrent layers whose `truncate` is not below the number of steps."""
    found: dict[str, int] = {}
    for architecture in prepared.sweep.axes["architecture"]:
        shape = network_of(prepared.dataset, architecture, prepared.output_count)
        for layer, (steps, *_) in zip(shape.layers, shape.shapes, strict=False):
            if isinstance(layer, Recurrent) and layer.truncate >= steps:
                found.setdefault(architecture_label(architecture), steps)
    if found:
        numbers = " or ".join(map(str, dict.fromkeys(found.values())))
        yield f"truncate has no effect on {named(list(found))}: it must be below the number of steps, {numbers}"


def idle_activations(prepared: PreparedSweep) -> Iterator[str]:
    """A line about architectures without activation functions in a sweep with several activations."""
    axes = prepared.sweep.axes
    if len(list(axes["activation"])) < 2:
        return
    found = [architecture_label(each) for each in axes["architecture"] if each and not has_functions(each)]
    if found:
        yield f"activation has no effect on {named(found)}: every activation gives them the same numbers"


def has_functions(architecture: tuple[HiddenLayer, ...]) -> bool:
    """Whether a hidden layer has activation functions that a sweep can choose."""
    return any(layer_of(each).has_functions for each in architecture)


def named(labels: list[str]) -> str:
    """The names of the first architectures, and how many more there are."""
    more = f" and {len(labels) - MOST_NAMES} more" if len(labels) > MOST_NAMES else ""
    return ", ".join(labels[:MOST_NAMES]) + more
