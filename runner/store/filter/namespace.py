"""Names in filters: every key of a trial's row, further columns, and every setting by its dotted name.

A setting is named by axis and parameter, `optimizer.rate`, or by axis, variant and parameter, `optimizer.adam.form`;
`optimizer.name` is the variant. If a configuration has several variants at once, such as the functions of its layers or
two regularizers, a name without the variant has several values.
"""

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from typing import Any

import sqlalchemy as sa
from fitgap.core.activations import ACTIVATIONS
from fitgap.core.initializers import INITIALIZERS
from fitgap.core.losses import LOSSES
from fitgap.core.optimizers import OPTIMIZERS
from fitgap.core.regularizers import REGULARIZERS
from fitgap.core.schedules import SCHEDULES
from fitgap.core.stopping import STOPPINGS
from fitgap.core.variants import Domain, Variant
from fitgap.runner.store.database.dialects import as_number, items_of
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import configuration, trial, trial_tag
from fitgap.runner.trial_status import Status
from sqlalchemy.sql.elements import ColumnElement

Table = Mapping[str, type[Variant]]


class ValueKind(Enum):
    """The types of values, with their names in messages."""

    NUMBER = "a number"
    TEXT = "text"
    FLAG = "true or false"


@dataclass(frozen=True)
class Known:
    """The meaning of a name. If it may have several values, `several` is a query with one row per value, and `value`
    is an expression within that row.
    """

    kind: ValueKind
    value: ColumnElement
    several: sa.Select | None = None
    # Whether the values are whole numbers of at most ten digits, for which arithmetic is safe.
    is_small: bool = False
    # All possible texts, if known.
    choices: tuple[str, ...] = ()
    # Names of variants that always appear with their parameters.
    headlines: tuple[str, ...] = ()


class Shape(Enum):
    """How the settings store the variants of an axis: one, a list, or a list per layer."""

    ONE, LIST, LAYERS = range(3)


# For each axis: its variants, its key in the settings, and how the settings store it.
VARIANTS: dict[str, tuple[Table, str, Shape]] = {
    "activation": (ACTIVATIONS, "activation", Shape.LAYERS),
    "output_activation": (ACTIVATIONS, "output_activation", Shape.LIST),
    "initializer": (INITIALIZERS, "initializer", Shape.ONE),
    "regularizer": (REGULARIZERS, "regularizers", Shape.LIST),
    "optimizer": (OPTIMIZERS, "optimizer", Shape.ONE),
    "schedule": (SCHEDULES, "schedule", Shape.ONE),
    "stopping": (STOPPINGS, "stopping", Shape.LIST),
    "loss": (LOSSES, "loss", Shape.ONE),
}
# The possible values of text columns with few values.
CHOICES = {"status": tuple(Status), "verdict": result_keys.VERDICTS}


@cache
def known_names() -> dict[str, Known]:
    """All names with their meanings."""
    columns = {**result_keys.TRIAL, **result_keys.MORE_SETTINGS, **result_keys.MORE}
    names = {key: column(key, value) for key, value in columns.items()}
    for axis, (table, field, shape) in VARIANTS.items():
        names.update(settings_of(axis, table, field, shape))
    tag = Known(ValueKind.TEXT, trial_tag.c.tag, sa.select().where(trial_tag.c.trial_id == trial.c.id))
    widths = items_of(configuration.c.settings, "architecture")
    return {
        **names,
        "optimizer.rate": Known(ValueKind.NUMBER, result_keys.learning_rate_if_any),
        "architecture.depth": Known(ValueKind.NUMBER, result_keys.hidden_layers, is_small=True),
        "architecture.width": Known(ValueKind.NUMBER, width_of(widths.c.value), sa.select().select_from(widths)),
        "architecture.conv": Known(ValueKind.NUMBER, result_keys.convolutions, is_small=True),
        "architecture.recurrent": Known(ValueKind.NUMBER, result_keys.recurrent_layers, is_small=True),
        "architecture.norm": Known(ValueKind.NUMBER, result_keys.normalizations, is_small=True),
        "architecture.residual": Known(ValueKind.NUMBER, result_keys.residual_connections, is_small=True),
        "dtype": Known(ValueKind.TEXT, configuration.c.settings["dtype"].as_string(), choices=("float32", "float64")),
        "tag": tag,
        "tags": tag,
    }


def width_of(layer: ColumnElement) -> ColumnElement:
    """The units of a dense layer, stored as a number, or the channels or units of other layers; null if none."""
    is_named = sa.cast(layer, sa.Text).like("{%")
    named = sa.func.coalesce(layer["channels"].as_string(), layer["units"].as_string())
    return sa.case((is_named, sa.cast(named, sa.Double)), else_=as_number(layer))


def column(key: str, value: ColumnElement) -> Known:
    """The meaning of a key of a row."""
    if not isinstance(value.type, sa.Text):
        return Known(ValueKind.NUMBER, value, is_small=isinstance(value.type, sa.Integer))
    if key in CHOICES:
        return Known(ValueKind.TEXT, value, choices=CHOICES[key])
    table = VARIANTS[key][0] if key in VARIANTS else {}
    return Known(ValueKind.TEXT, value, headlines=tuple(name for name, kind in table.items() if has_headline(kind)))


def has_headline(variant: type[Variant]) -> bool:
    """Whether the shorthand of a variant always includes a parameter."""
    return any(field.metadata["headline"] for field in variant.parameters().values())


def settings_of(axis: str, table: Table, field: str, shape: Shape) -> Iterator[tuple[str, Known]]:
    """The dotted names of an axis with the key `field` in the settings."""
    several, inside = place_of(field, shape)
    name = inside("name").as_string()
    yield f"{axis}.name", Known(ValueKind.TEXT, name, several, choices=tuple(table))
    choices: dict[str, tuple[str, ...]] = {}
    for variant, kind in table.items():
        for parameter, described in kind.parameters().items():
            known = replace(setting(inside(parameter), described.metadata["domain"]), several=several)
            if described.metadata["later"]:
                # Not stored at its default.
                known = replace(known, value=sa.func.coalesce(known.value, described.default))
            yield f"{axis}.{variant}.{parameter}", of_variant(known, name == variant, shape)
            choices[parameter] = (*choices.get(parameter, ()), *known.choices)
            yield f"{axis}.{parameter}", replace(known, choices=choices[parameter])


def place_of(field: str, shape: Shape) -> tuple[sa.Select | None, Callable[[str], Any]]:
    """The query for the variants of an axis, if there may be several, and a function that accesses their parameters."""
    settings = configuration.c.settings
    if shape is Shape.ONE:
        return None, lambda parameter: settings[(field, parameter)]
    items = items_of(settings, field)
    several = sa.select().select_from(items)
    if shape is Shape.LAYERS:
        items = items_of(items.c.value)
        several = several.select_from(items)
    return several, lambda parameter: items.c.value[parameter]


def setting(stored: Any, domain: Domain) -> Known:
    """The meaning of a parameter of a variant."""
    if domain.choices:
        return Known(ValueKind.TEXT, stored.as_string(), choices=domain.choices)
    if domain.flag:
        return Known(ValueKind.FLAG, stored.as_boolean())
    return Known(ValueKind.NUMBER, stored.as_float())


def of_variant(known: Known, is_variant: ColumnElement, shape: Shape) -> Known:
    """The same parameter, restricted to one variant. A list contains at most one entry of each variant."""
    if shape is Shape.ONE:
        return replace(known, value=sa.case((is_variant, known.value)))
    assert known.several is not None
    several = known.several.where(is_variant)
    if shape is Shape.LAYERS:
        return replace(known, several=several)
    return replace(known, value=several.add_columns(known.value).scalar_subquery(), several=None)


def advice(name: str) -> str:
    """Advice for an unknown name: the most similar name, the possible names, or the reason why it is not available."""
    if name in result_keys.TESTED:
        return result_keys.ONLY_TESTED
    known = known_names()
    axis, _, part = name.lower().partition(".")
    # The parts of a known axis are compared without its name, which would make all of them similar.
    parts = {each.partition(".")[2]: each for each in known if each.startswith(f"{axis}.")} if part else {}
    close = (
        difflib.get_close_matches(part, parts, n=1) if parts else difflib.get_close_matches(name.lower(), known, n=1)
    )
    if close:
        return f"did you mean '{parts.get(close[0], close[0])}'?"
    listed = [each for each in known if each.startswith(f"{axis}.") and each.count(".") == 1]
    return f"known: {', '.join(listed or [each for each in known if '.' not in each])}"
