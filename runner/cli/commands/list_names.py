"""`fitgap list`: the names that a sweep can use, with their parameters."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from fitgap.runner.cli.options.common import Format, OutputFormat

if TYPE_CHECKING:
    from fitgap.core.variants import Variant

KINDS = (
    "activations",
    "initializers",
    "losses",
    "optimizers",
    "outputs",
    "regularizers",
    "schedules",
    "stopping",
    "data",
)


def list_names(
    kind: Annotated[str, typer.Argument(metavar="|".join(KINDS), help="What to list.", show_default=False)],
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """List activations, optimizers or other names that a sweep can use, with parameters and defaults."""
    from fitgap.runner.cli.render.formats import print_rows

    rows = [variant_row(name, variant) for name, variant in variants_of_kind(kind).items()]
    if output_format is Format.TABLE:
        rows = [{**row, "parameters": ", ".join(map(parameter_text, row["parameters"]))} for row in rows]
    print_rows(rows, output_format, table_keys=("name", "parameters", "description"))


def variants_of_kind(kind: str) -> "dict[str, type[Variant]]":
    """The table of a kind. Raises SpecError if there is no such kind."""
    from fitgap.core.activations import ACTIVATIONS
    from fitgap.core.initializers import INITIALIZERS
    from fitgap.core.losses import LOSSES
    from fitgap.core.optimizers import OPTIMIZERS
    from fitgap.core.regularizers import REGULARIZERS
    from fitgap.core.schedules import SCHEDULES
    from fitgap.core.stopping import STOPPINGS
    from fitgap.core.target_coding import READINGS
    from fitgap.runner.data import SOURCES
    from fitgap.runner.errors import SpecError, nearest

    in_order: tuple[Any, ...] = (
        ACTIVATIONS,
        INITIALIZERS,
        LOSSES,
        OPTIMIZERS,
        READINGS,
        REGULARIZERS,
        SCHEDULES,
        STOPPINGS,
        SOURCES,
    )
    tables = dict(zip(KINDS, in_order, strict=True))
    if kind not in tables:
        raise SpecError(f"cannot list {kind!r}; {nearest(kind, KINDS)}")
    return tables[kind]


def variant_row(name: str, variant: "type[Variant]") -> dict[str, Any]:
    return {
        "name": name,
        "parameters": [parameter_row(field) for field in variant.parameters().values()],
        "description": first_paragraph(variant.__doc__ or ""),
    }


def first_paragraph(docstring: str) -> str:
    """The first paragraph of a docstring in one line, however it is wrapped."""
    return " ".join(docstring.strip().split("\n\n")[0].split())


def parameter_row(field: Any) -> dict[str, Any]:
    from fitgap.core.variants import REQUIRED

    return {
        "name": field.name,
        "default": None if field.default is REQUIRED else field.default,
        "domain": field.metadata["domain"].describe(),
        "description": field.metadata["description"],
    }


def parameter_text(row: dict[str, Any]) -> str:
    """Such as `rate=0.001`, or `weight (required)`."""
    from fitgap.core.variants import format_number

    return f"{row['name']} (required)" if row["default"] is None else f"{row['name']}={format_number(row['default'])}"
