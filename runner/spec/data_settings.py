"""The `data` section of a sweep: the data set and its preparation."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, Self

from fitgap.runner.errors import SpecError, nearest
from fitgap.runner.spec.choices import read_choice, single_value
from fitgap.runner.spec.shorthand import parse_settings
from fitgap.runner.spec.validation import LONGEST_SHOWN, SpecNode, is_number, shown

if TYPE_CHECKING:
    from fitgap.runner.data import FileChoices, SplitRule, Treatment

PREPROCESS = ("standard", "minmax", "none")
TARGET_SCALING = ("standard", "none")
KEYS = (
    *(
        "source",
        "target",
        "validation",
        "test",
        "stratified",
        "preprocess",
        "target_scaling",
        "missing",
        "text",
        "strict",
    ),
    *("inputs", "ignore", "categorical", "dates", "target_kind"),
    *("separator", "decimal", "encoding", "missing_values", "treatment"),
)
MOST_FOLDS = 1000
RULE_KEYS = ("group", "last", "by", "column", "file")
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "blanks": " "}

Validation = float | int | Literal["same"]


@dataclass(frozen=True)
class Folds:
    """k-fold validation: each repeat validates on another one of k folds."""

    count: int


@dataclass(frozen=True)
class DataSettings:
    """The source (a named data set with its options, or a path) and its preparation; None is the source's default."""

    source: str
    options: Mapping[str, Any] = field(default_factory=dict)
    target: tuple[str, ...] = ()
    validation: "Validation | Folds | SplitRule | None" = None
    test: "Validation | SplitRule | None" = None
    stratified: bool = True
    preprocess: Literal["standard", "minmax", "none"] | None = None
    target_scaling: Literal["standard", "none"] | None = None
    missing: str | None = None
    text: str | None = None
    strict: bool = False
    inputs: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    dates: Mapping[str, str | None] = field(default_factory=dict)
    target_kind: str | None = None
    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    missing_values: tuple[str, ...] | None = None
    treatment: "Treatment | None" = None

    @classmethod
    def read(cls, node: SpecNode) -> Self:
        """Read the settings from a mapping. Raises SpecError."""
        from fitgap.runner.data import MISSING, TARGET_KINDS, TEXT

        entries = node.entries(KEYS)
        if "source" not in entries:
            raise SpecError("source must be given: the name of a data set or the path of a file", node.path)
        readers = {
            "target": read_target,
            "validation": read_validation,
            "test": read_test,
            "stratified": read_truth,
            "preprocess": lambda entry: entry.one_of(PREPROCESS),
            "target_scaling": lambda entry: entry.one_of(TARGET_SCALING),
            "missing": lambda entry: entry.one_of(MISSING),
            "text": lambda entry: entry.one_of(TEXT),
            "strict": read_truth,
            "inputs": read_names,
            "ignore": read_names,
            "categorical": read_names,
            "dates": read_dates,
            "target_kind": lambda entry: entry.one_of(TARGET_KINDS),
            "separator": read_separator,
            "decimal": lambda entry: entry.one_of((".", ",")),
            "encoding": lambda entry: entry.text(),
            "missing_values": read_words,
            "treatment": read_treatment,
        }
        source, options = read_source(entries["source"])
        return cls(source, options, **{key: read(entries[key]) for key, read in readers.items() if key in entries})

    @property
    def folds(self) -> int:
        """The number of folds; 0 if there are none."""
        from fitgap.runner.data import SplitRule

        if isinstance(self.validation, SplitRule):
            return self.validation.folds
        return self.validation.count if isinstance(self.validation, Folds) else 0

    @property
    def splits(self) -> "dict[str, SplitRule]":
        """The rules by which columns or files split the examples, by use."""
        from fitgap.runner.data import SplitRule

        uses = {"validation": self.validation, "test": self.test}
        return {use: rule for use, rule in uses.items() if isinstance(rule, SplitRule)}

    def with_absolute_paths(self) -> "DataSettings":
        """These settings with the absolute paths of all data files."""
        from fitgap.runner.data import is_in_memory

        files: dict[str, Any] = {}
        for use, rule in self.splits.items():
            if rule.file is not None:
                files[use] = replace(rule, name=os.path.abspath(rule.file))
        source = self.source if is_in_memory(self.source) else os.path.abspath(self.source)
        return replace(self, source=source, **files)

    def canonical(self) -> dict[str, Any]:
        """The mapping that reads back as these settings."""
        return {
            "source": self.source if is_path(self.source) else {self.source: dict(self.options)},
            "target": list(self.target),
            "validation": written_split(self.validation),
            "test": written_split(self.test),
            "stratified": self.stratified,
            "preprocess": self.preprocess,
            "target_scaling": self.target_scaling,
            "missing": self.missing,
            "text": self.text,
            "strict": self.strict,
            "inputs": list(self.inputs) or None,
            "ignore": list(self.ignore) or None,
            "categorical": list(self.categorical) or None,
            "dates": dict(self.dates) or None,
            "target_kind": self.target_kind,
            "separator": self.separator,
            "decimal": self.decimal,
            "encoding": self.encoding,
            "missing_values": None if self.missing_values is None else list(self.missing_values),
            "treatment": self.treatment.as_json() if self.treatment else None,
        }

    @property
    def file_choices(self) -> "FileChoices":
        """What was decided about a file."""
        from fitgap.runner.data import FileChoices

        return FileChoices(**{each.name: getattr(self, each.name) for each in fields(FileChoices)})


def written_split(split: "Validation | Folds | SplitRule | None") -> Any:
    """A split as a sweep file would contain it."""
    from fitgap.runner.data import SplitRule

    if isinstance(split, Folds):
        return {"folds": split.count}
    return split.canonical() if isinstance(split, SplitRule) else split


def as_stored(data: Mapping[str, Any]) -> dict[str, Any]:
    """The `data` section of a stored sweep. Versions that stored no treatment refused everything that is not plain."""
    if "strict" in data:
        return dict(data)
    from fitgap.runner.data import STRICT_RULES, Treatment

    treatment = Treatment(rules=STRICT_RULES, strict=True, missing=data.get("missing") or "refuse")
    return {**data, "strict": True, "treatment": treatment.as_json()}


def is_path(source: str) -> bool:
    """Whether a source is a path, judged by its text alone."""
    from fitgap.runner.data import SOURCES, is_file

    # `sine:noise=0.2` seems to end in a file suffix.
    name, _, settings = source.partition(":")
    is_shorthand = name in SOURCES or ("=" in settings and "/" not in source)
    return not is_shorthand and is_file(source)


def read_source(node: SpecNode) -> tuple[str, dict[str, Any]]:
    """The name and options of a data set, or a path without options."""
    from fitgap.runner.data import SOURCES

    if isinstance(node.value, str):
        if is_path(node.value):
            return node.value, {}
        name = node.value.partition(":")[0]
        if name not in SOURCES:
            advice = f"{nearest(name[:LONGEST_SHOWN], SOURCES)}; name a file by its path, such as data.csv"
            if name and os.path.isfile(name):
                advice = f"there is a file of this name; write ./{name[:LONGEST_SHOWN]}"
            raise SpecError(f"there is no data set {shown(name)}; {advice}", node.path)
    choice = single_value(read_choice(node, SOURCES, "data set"), node)
    return choice.name, choice.variant.settings()


def read_target(node: SpecNode) -> tuple[str, ...]:
    """The names of the target columns, from a string or a list of strings."""
    return read_names(node)


def read_names(node: SpecNode) -> tuple[str, ...]:
    """Names or patterns of columns, from a string or a list of strings."""
    if isinstance(node.value, list):
        return tuple(node.child(position).text() for position in range(len(node.value)))
    return (node.text(),)


def read_dates(node: SpecNode) -> dict[str, str | None]:
    """Columns of dates, from names, or from a mapping of names to formats."""
    if isinstance(node.value, dict):
        return {str(name): node.child(name).text() if node.value[name] is not None else None for name in node.value}
    named = (name.partition("=") for name in read_names(node))
    return {name: date_format or None for name, _, date_format in named}


def read_separator(node: SpecNode) -> str:
    """A separator of cells, as a character or by its name."""
    found = SEPARATORS.get(str(node.value), node.value)
    if found not in SEPARATORS.values():
        raise node.wrong(f"must be one of {', '.join(SEPARATORS)}, or the character itself")
    return str(found)


def read_words(node: SpecNode) -> tuple[str, ...]:
    """Words for missing values, which may look like numbers."""
    values = node.value if isinstance(node.value, list) else [node.value]
    if not all(isinstance(value, (str, int, float)) and not isinstance(value, bool) for value in values):
        raise node.wrong("must be words for missing values, such as [NA, -999]")
    return tuple(str(value) for value in values)


def read_treatment(node: SpecNode) -> "Treatment":
    """How the file was read when the sweep was stored; only fitgap writes this."""
    from fitgap.runner.data import Treatment

    try:
        return Treatment.from_json(node.value)
    except (ValueError, TypeError):
        raise node.wrong("must be what fitgap has stored", "leave it out") from None


def read_test(node: SpecNode) -> "Validation | SplitRule":
    """The test examples: the same as for validation, except for folds and `same`."""
    found = read_validation(node)
    if isinstance(found, Folds) or found == "same" or getattr(found, "folds", False):
        raise node.wrong("must be one set of examples: a share, a number, or a rule such as {last: 0.2}")
    return found


def read_validation(node: SpecNode) -> "Validation | Folds | SplitRule":
    """A share between 0 and 1, a number of examples, `same` (the training examples), folds, or a rule."""
    value = node.value
    if isinstance(value, str) and "=" in value:
        try:
            return read_validation(SpecNode(parse_settings(value), node.path))
        except SpecError as error:
            raise SpecError(error.message, node.path) from None
    if isinstance(value, dict) and set(value) & set(RULE_KEYS):
        return read_rule(node)
    if isinstance(value, dict) and value:
        return read_folds(node)
    if isinstance(value, str) and (written := re.fullmatch("([0-9]{1,9})-fold", value)):
        return checked_folds(node, int(written[1]))
    is_count = isinstance(value, int) and is_number(value) and value >= 1
    is_share = isinstance(value, float) and 0 < value < 1
    if not (is_count or is_share or value == "same"):
        raise node.wrong(
            "must be a share above 0 and below 1, a whole number of examples, folds such as 5-fold, same, "
            "or a rule such as group=COLUMN, last=0.3, column=COLUMN or file=PATH"
        )
    return value


def read_rule(node: SpecNode) -> "SplitRule":
    """A rule by which a column, the order or a second file decides."""
    from fitgap.runner.data import SplitRule

    entries = node.entries((*RULE_KEYS, "amount", "folds"))
    if "group" in entries:
        check_only(node, entries, ("group", "amount", "folds"))
        folds = entries["folds"].whole_number(2, MOST_FOLDS) if "folds" in entries else 0
        return SplitRule("group", entries["group"].text(), read_amount(entries.get("amount")), folds)
    if "last" in entries or "by" in entries:
        check_only(node, entries, ("last", "by"))
        by = entries["by"].text() if "by" in entries else None
        return SplitRule("last", by, read_amount(entries.get("last")))
    kind: Literal["column", "file"] = "column" if "column" in entries else "file"
    check_only(node, entries, (kind,))
    return SplitRule(kind, entries[kind].text())


def check_only(node: SpecNode, entries: Mapping[str, SpecNode], keys: Sequence[str]) -> None:
    """Raise SpecError if a rule has keys of another one."""
    for key in entries:
        if key not in keys:
            raise SpecError(f"{key} does not go with {keys[0]}; known: {', '.join(keys)}", (*node.path, key))


def read_amount(node: SpecNode | None) -> float | int:
    """A share or a number of examples; 0.3 by default."""
    if node is None:
        return 0.3
    value = node.value
    is_count = isinstance(value, int) and is_number(value) and value >= 1
    if not (is_count or (isinstance(value, float) and 0 < value < 1)):
        raise node.wrong("must be a share above 0 and below 1, or a whole number of examples")
    return float(value) if isinstance(value, float) else int(value)


def read_folds(node: SpecNode) -> Folds:
    """Folds from a mapping, `folds: 5`."""
    entries = node.entries(("folds",))
    if "folds" not in entries:
        raise SpecError("folds must be given: the number of folds, at least 2", node.path)
    return Folds(entries["folds"].whole_number(2, MOST_FOLDS))


def checked_folds(node: SpecNode, count: int) -> Folds:
    """Folds from the short form `5-fold`; SpecError if the number is out of range."""
    if not 2 <= count <= MOST_FOLDS:
        raise node.wrong(f"must be at least 2-fold, at most {MOST_FOLDS}-fold")
    return Folds(count)


def read_truth(node: SpecNode) -> bool:
    """True or false."""
    if not isinstance(node.value, bool):
        raise node.wrong("must be true or false")
    return node.value
