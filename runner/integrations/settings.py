"""The settings of a configuration under the dotted names that filters use."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fitgap.runner.spec import Configuration

Setting = str | int | float | bool
# Settings that a configuration omits if they have these default values, in the notation of axes.
LEFT_OUT: dict[str, Setting] = {"training_examples": "all", "label_noise": 0.0, "preprocess": "auto"}
# Axes that have another name in the settings of a configuration.
AXIS = {"regularizers": "regularizer", "epochs": "planned_epochs"}


def flat_settings(stored: Mapping[str, Any]) -> dict[str, Setting]:
    """Settings such as `optimizer.name`, `optimizer.rate`, `regularizer.l2.weight`; lists also as a whole."""
    configuration = Configuration.from_canonical(stored)
    flat: dict[str, Setting] = {
        "architecture": configuration.architecture_label,
        "activation": configuration.activation_label,
        "output_activation": configuration.output_activation_label,
        "regularizer": configuration.regularizer_label,
        "stopping": configuration.stopping_label,
    }
    for field, value in stored.items():
        axis = AXIS.get(field, field)
        if isinstance(value, Mapping):
            flat.update({f"{axis}.{name}": each for name, each in value.items() if is_setting(each)})
        elif field in ("regularizers", "stopping"):
            flat.update(variant_settings(axis, value))
        elif is_setting(value):
            flat[axis] = value
    return flat


def with_left_out(settings: Sequence[dict[str, Setting]]) -> list[dict[str, Setting]]:
    """The settings of several configurations, with omitted defaults filled in where other configurations differ."""
    differing = {name for name in LEFT_OUT if any(name in each for each in settings)}
    return [{**{name: LEFT_OUT[name] for name in differing}, **each} for each in settings]


def variant_settings(axis: str, variants: Iterable[Mapping[str, Any]]) -> dict[str, Setting]:
    """The parameters of several variants, each prefixed with the name of its variant."""
    return {
        f"{axis}.{variant['name']}.{name}": value
        for variant in variants
        for name, value in variant.items()
        if name != "name" and is_setting(value)
    }


def is_setting(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool))


def varying(settings: Iterable[Mapping[str, Setting]]) -> set[str]:
    """The names with several values. Absence is not a value: it follows from another setting, such as the optimizer."""
    values: dict[str, set[Setting]] = {}
    for each in settings:
        for name, value in each.items():
            values.setdefault(name, set()).add(value)
    return {name for name, found in values.items() if len(found) > 1}
