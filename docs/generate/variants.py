"""The page of all names that a sweep may use, from the tables that `fitgap list` reads."""

import json

from docs.generate import markdown
from docs.generate.asking import answer

INTRODUCTION = """\
# Variants

The names that a sweep may use for activations, optimizers and so on, with their parameters. `fitgap list KIND`, such as
`fitgap list activations`, prints the same lists.

Write a parameter as `{prelu: {beta: 0.05}}` in a sweep file and as `prelu:beta=0.05` in an option.
[The sweep file](sweep-file.md) says where each kind of name belongs. Formulas and derivatives are in
[the mathematics](../explanation/mathematics.md)."""
# The arguments of `fitgap list`, in the order of the page, with descriptions of what it lists.
KINDS = {
    "activations": "Activation functions, for `activation` and `output_activation`.",
    "layers": "Hidden layers besides dense ones, for `architecture`.",
    "regularizers": "Regularizers, for `regularizer`. Several may apply at once.",
    "optimizers": "Optimizers, for `optimizer`.",
    "schedules": "Learning-rate schedules, for `schedule`.",
    "stopping": "Stopping rules, for `stopping`. Of several, the first that is met ends the training of the trial.",
    "initializers": "Initializers of the weights, for `initializer`.",
    "losses": "Loss functions, for `loss`.",
    "outputs": "Ways to code classes or numbers as outputs and to read them back, for `outputs`.",
    "data": "Named data sets, for `data`.",
}


def page() -> str:
    """The page as Markdown."""
    return markdown.page(INTRODUCTION, *(section(kind, what) for kind, what in KINDS.items()))


def section(kind: str, what: str) -> str:
    """One list: a table of names, and a table of the parameters that they have."""
    rows = json.loads(answer("list", kind, "--format", "json"))
    names = markdown.table(("name", "meaning"), [(markdown.code(row["name"]), row["description"]) for row in rows])
    parameters = [
        (
            markdown.code(row["name"]),
            markdown.code(parameter["name"]),
            "required" if parameter["default"] is None else markdown.code(shown(parameter["default"])),
            parameter["domain"],
            parameter["description"],
        )
        for row in rows
        for parameter in row["parameters"]
    ]
    heads = ("name", "parameter", "default", "allowed", "meaning")
    return "\n\n".join([f"## {kind}", what, names, *([markdown.table(heads, parameters)] if parameters else [])])


def shown(default: object) -> str:
    """A default as it is written in a sweep file."""
    return default if isinstance(default, str) else json.dumps(default)
