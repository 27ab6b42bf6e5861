"""The settings of a configuration one by one, under the dotted names that filters use too."""

from collections.abc import Iterable, Mapping
from typing import Any

from fitgap.runner.spec import Configuration

Setting = str | int | float | bool
# Where an axis is not called alike in the settings of a configuration.
AXIS = {"regularizers": "regularizer", "epochs": "planned_epochs"}


def flat_settings(stored: Mapping[str, Any]) -> dict[str, Setting]:
    """Such as `optimizer.name`, `optimizer.rate`, `regularizer.l2.weight`; what is a list is named as a whole too."""
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
            flat.update(of_variants(axis, value))
        elif is_setting(value):
            flat[axis] = value
    return flat


def of_variants(axis: str, variants: Iterable[Mapping[str, Any]]) -> dict[str, Setting]:
    """The parameters of several variants at once, each by the name of its variant."""
    return {
        f"{axis}.{variant['name']}.{name}": value
        for variant in variants
        for name, value in variant.items()
        if name != "name" and is_setting(value)
    }


def is_setting(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool))


def varying(settings: Iterable[Mapping[str, Setting]]) -> set[str]:
    """The names that have several values; one that some do not have follows from another, such as the optimizer."""
    values: dict[str, set[Setting]] = {}
    for each in settings:
        for name, value in each.items():
            values.setdefault(name, set()).add(value)
    return {name for name, found in values.items() if len(found) > 1}
