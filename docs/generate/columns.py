"""The page of columns and keys: the names that filters and sorting accept, and the keys of each command's JSON.

Keys are read from the output of commands on a small sweep that is trained for this purpose, so none can be missing.
Their meanings are in `meanings.py`; a key without a meaning raises KeyError.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import chdir
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from fitgap.runner.doctor import CHECKS
from fitgap.runner.store.filter import known_names

from docs.generate import markdown
from docs.generate.asking import answer
from docs.generate.meanings import MEANINGS

INTRODUCTION = """\
# Columns and keys

fitgap uses the same keys everywhere: as columns of tables, CSV files, Parquet files and data frames, as keys of JSON
objects, and as names in `--where`, `--sort` and `--columns`. Scripts may rely on them
([what stays the same](../how-to/use-from-scripts.md#what-stays-the-same)).

E_t is the mean error on the training examples, E_v the mean error on the validation examples. The
[glossary](../glossary.md) explains the other terms."""

WHOLE = """\
Use these keys with `--where`, `--sort` and `--columns` of `fitgap trials`, with `--where` of `epochs`, `compare`,
`importance`, `layers` and `plot`, and with `--by` of `compare`. If a key has a fixed set of values, the column "kind"
lists them.
`fitgap trials` shows the most important keys; `--columns +reason` adds one."""

SETTINGS = """\
The dotted name of a setting consists of its axis and its parameter: `optimizer.rate` is the learning rate of any
optimizer. To select a single variant, put its name in between: `optimizer.adam.beta_2`. A configuration may have
several values of a setting, such as the activation functions of its layers. A filter is then true if it is true for any
of them ([filters](filters.md#names))."""

# The commands whose JSON the page lists, with an example of each on the generator's own sweep.
COMMANDS = {
    "sweeps --size": "sweeps --size",
    "trials": "trials s",
    "show": "show 1",
    "epochs": "epochs 1",
    "compare": "compare s --by architecture",
    "compare --tuned": "compare s --by architecture --tuned",
    "study": "study repeats --sweep s",
    "importance": "importance s",
    "data": "data s",
    "layers": "layers s",
    "diagnose SWEEP": "diagnose s",
    "diagnose TRIAL": "diagnose 1",
    "tag, fitgap note": "tag 1",
    "replay": "replay 1",
    "predict": "predict 1 new.csv",
    "list": "list optimizers",
    "db status": "db status",
    "doctor": "doctor",
}

# The first configuration underfits on every machine, so that a diagnosis has all its keys.
SWEEP = (
    "--data iris --hidden 4 --regularizer l2:weight=10 --regularizer none --optimizer adam:rate=1e-2 "
    "--repeats 2 --epochs 30 --name s --engine local"
)
# Commands whose output has all keys of another command.
EXTENDS = {"show": "trials", "compare --tuned": "compare"}
NEW_EXAMPLE = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)\n5,3,1,0.2\n"


def page() -> str:
    """The page as Markdown."""
    answers = "\n\n".join(shown(dict(answered())))
    return markdown.page(
        INTRODUCTION,
        "## Keys of a trial",
        WHOLE,
        markdown.table(("key", "kind", "meaning"), keys_of_trials()),
        "## Settings by their dotted names",
        SETTINGS,
        markdown.table(("name", "kind", "variants that have it, or meaning"), settings()),
        "## JSON keys of each command",
        "A `[]` marks the items of a list.",
        answers,
    )


def shown(tables: Mapping[str, list[tuple[str, str]]]) -> Iterator[str]:
    """A section for each command. If it has all keys of another command, the table lists only its additional keys."""
    for title, rows in tables.items():
        told, other = "", EXTENDS.get(title)
        if other is not None:
            rows = [row for row in rows if row not in tables[other]]
            told = f"Every key of `fitgap {other}`, and:\n\n"
        yield f"### fitgap {title}\n\n{told}{markdown.table(('key', 'meaning'), rows)}"


def keys_of_trials() -> Iterator[tuple[str, str, str]]:
    """The names that a filter accepts, except settings."""
    for name, known in known_names().items():
        if "." not in name:
            kind = known.kind.value
            if name in ("status", "verdict", "dtype"):
                kind = ", ".join(markdown.code(str(each)) for each in known.choices)
            yield markdown.code(name), kind, meaning("trials", name)


def settings() -> Iterator[tuple[str, str, str]]:
    """The two-part names of settings, each with the variants that have this parameter, or else its meaning."""
    names = known_names()
    for name, known in names.items():
        if name.count(".") != 1:
            continue
        axis, parameter = name.split(".")
        owners = [
            each.split(".")[1] for each in names if each.startswith(f"{axis}.") and each.endswith(f".{parameter}")
        ]
        owners = [each for each in owners if each != parameter]
        yield (
            markdown.code(name),
            known.kind.value,
            ", ".join(map(markdown.code, owners)) or MEANINGS[f"setting:{parameter}"],
        )


def answered() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each command with the keys of its JSON, in order, and their meanings."""
    with TemporaryDirectory() as folder, chdir(folder), patch.dict(os.environ, FITGAP_DB="s.db"):
        answer("run", *SWEEP.split())
        with open("new.csv", "w", encoding="utf-8") as file:
            file.write(NEW_EXAMPLE)
        # One check is enough to see the keys; the others would take seconds.
        with patch.dict(CHECKS, {"Python": CHECKS["Python"]}, clear=True):
            for title, words in COMMANDS.items():
                keys = list(dict.fromkeys(keys_in(json.loads(answer(*words.split(), "--format", "json")))))
                if title == "data":
                    # The other columns are those of the data.
                    keys = ["example", "side", "replaced"]
                # A list that is empty in one row may have items in another.
                keys = [key for key in keys if f"{key}[]" not in keys]
                command = title.split()[0]
                yield title, [(markdown.code(key), meaning(command, key)) for key in keys]


def keys_in(value: Any, before: str = "") -> Iterator[str]:
    """The keys of an answer, including nested ones such as `causes[].seen`."""
    if isinstance(value, list):
        for each in value:
            yield from keys_in(each, before)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            name = f"{before}.{key}" if before else key
            name = f"{name}[]" if isinstance(inner, list) and inner and isinstance(inner[0], Mapping) else name
            yield name
            # The meanings of these keys describe what the values contain.
            if key not in ("settings", "environment", "confusion", "recall") and name != "trials":
                yield from keys_in(inner, name)


def meaning(command: str, key: str) -> str:
    """The meaning of a key, looked up for this command, then by its full name, its last two parts and its last part."""
    parts = key.split(".")
    last = parts[-1].removesuffix("[]")
    for name in (f"{command}:{key.removesuffix('[]')}", key, ".".join(parts[-2:]), last):
        if name in MEANINGS:
            return MEANINGS[name]
    raise KeyError(f"docs/generate/meanings.py has no meaning for {key!r} of {command}")
