"""`fitgap list`: the names that a sweep can use, with their parameters."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from fitgap.runner.cli.options.common import Format, OutputFormat

if TYPE_CHECKING:
    from fitgap.core.variants import Variant

KINDS = (
    "activations",
    "initializers",
    "layers",
    "losses",
    "optimizers",
    "outputs",
    "regularizers",
    "schedules",
    "stopping",
    "data",
)
STUDIES = "studies"
# Variants whose parameters are not written as settings, with the text to show instead.
WRITTEN_INSIDE = {"res": "(layers inside)"}
HELP = f"One of: {', '.join((*KINDS, STUDIES))}."


def list_names(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=HELP, show_default=False)],
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """List activations, optimizers or other names that a sweep can use, with parameters and defaults; or studies."""
    from fitgap.runner.cli.render.formats import print_rows

    if kind == STUDIES:
        print_rows(study_rows(), output_format, table_keys=("name", "question", "data"))
        return
    rows = [variant_row(name, variant) for name, variant in variants_of_kind(kind).items()]
    keys = ["name", "parameters", "description"]
    if kind == "data":
        rows = [{**row, **facts_of(row["name"])} for row in rows]
        keys = ["name", "task", "examples", "inputs", "target", "description", "origin", "parameters"]
    if output_format is Format.TABLE:
        rows = [{**row, "parameters": parameters_text(row)} for row in rows]
    print_rows(rows, output_format, table_keys=keys)


def facts_of(name: str) -> dict[str, Any]:
    """The task of a data set, its number of examples and inputs, its target, groups and origin, by default."""
    from fitgap.runner.data import find_source, load_dataset

    dataset = load_dataset(name)
    classes = f"{dataset.class_count} classes"
    return {
        "task": classes if dataset.class_count else "numbers",
        "examples": dataset.example_count,
        "inputs": dataset.input_count,
        "target": ", ".join(dataset.target_names),
        "groups": list(dataset.groups),
        "origin": find_source(name).origin,
    }


def study_rows() -> list[dict[str, Any]]:
    """The studies with their questions, their own data sets, and what their answers can be."""
    from fitgap.runner import studies

    return [
        {
            "name": study.name,
            "parameters": [],
            "description": first_paragraph(study.__doc__ or ""),
            "question": study.question,
            "data": source_name(study.data["source"]),
            "outcomes": dict(study.outcomes),
        }
        for study in studies.STUDIES.values()
    ]


def source_name(source: Any) -> str:
    """The name of a data set, which may have parameters."""
    return str(next(iter(source))) if isinstance(source, dict) else str(source)


def variants_of_kind(kind: str) -> "dict[str, type[Variant]]":
    """The table of a kind. Raises SpecError if there is no such kind."""
    from fitgap.core.activations import ACTIVATIONS
    from fitgap.core.initializers import INITIALIZERS
    from fitgap.core.layers import LAYERS
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
        LAYERS,
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
        raise SpecError(f"cannot list {kind!r}; {nearest(kind, (*KINDS, STUDIES))}")
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


def parameters_text(row: dict[str, Any]) -> str:
    """All parameters of a row in one line."""
    return WRITTEN_INSIDE.get(row["name"]) or ", ".join(map(parameter_text, row["parameters"]))


def parameter_text(row: dict[str, Any]) -> str:
    """Such as `rate=0.001`, or `weight (required)`."""
    from fitgap.core.variants import format_number

    return f"{row['name']} (required)" if row["default"] is None else f"{row['name']}={format_number(row['default'])}"
