"""The page of all names that a sweep may use, from the tables that `fitgap list` reads."""

import json

from docs.generate import markdown
from docs.generate.asking import answer

INTRODUCTION = """\
# Variants

Every name that a sweep may use, with its parameters. `fitgap list KIND` prints the same lists.

Write a parameter in a sweep file as `{prelu: {beta: 0.05}}` and in a flag as `prelu:beta=0.05`. The formulas and their
derivatives are in [the mathematics](../explanation/mathematics.md), where each is to be written in
[the sweep file](sweep-file.md)."""
# What `fitgap list` takes, in the order of the page, with what it lists.
KINDS = {
    "activations": "Activation functions, for `activation` and `output_activation`.",
    "regularizers": "Regularizers; several may apply at once.",
    "optimizers": "Optimizers.",
    "schedules": "Learning-rate schedules.",
    "stopping": "Stopping rules; of several, the first that is met ends the training of the trial.",
    "initializers": "Initializers of the weights.",
    "losses": "Loss functions.",
    "outputs": "Ways to turn classes or numbers into outputs, and to read outputs.",
    "data": "Named data sets.",
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
