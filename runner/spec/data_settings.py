"""The `data` section of a sweep: the data set and its preparation."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, Self

from fitgap.core.scaling import PREPROCESSINGS
from fitgap.runner.errors import SpecError
from fitgap.runner.spec.column_settings import (
    read_class_weight,
    read_dates,
    read_lengths,
    read_names,
    read_separator,
    read_shape,
    read_target,
    read_truth,
    read_words,
)
from fitgap.runner.spec.data_source import is_path, read_source
from fitgap.runner.spec.sequence_settings import in_time, read_sequence
from fitgap.runner.spec.split_settings import Folds, Validation, read_test, read_validation, written_split
from fitgap.runner.spec.validation import SpecNode

if TYPE_CHECKING:
    from fitgap.runner.data import FileChoices, SplitRule, Treatment, Windowing

PREPROCESS = tuple(PREPROCESSINGS)
TARGET_SCALING = ("standard", "none")
RESAMPLE = ("split", "data")
KEYS = (
    *(
        "source",
        "target",
        "validation",
        "test",
        "stratified",
        "resample",
        "preprocess",
        "target_scaling",
        "missing",
        "text",
        "strict",
    ),
    *("inputs", "ignore", "categorical", "dates", "target_kind", "weight", "class_weight"),
    *("separator", "decimal", "encoding", "missing_values", "treatment", "shape", "lengths", "sequence"),
)


@dataclass(frozen=True)
class DataSettings:
    """The source (a named data set with its options, or a path) and its preparation; None means its default."""

    source: str
    options: Mapping[str, Any] = field(default_factory=dict)
    target: tuple[str, ...] = ()
    validation: "Validation | Folds | SplitRule | None" = None
    test: "Validation | SplitRule | None" = None
    stratified: bool = True
    preprocess: str | None = None
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
    # What every repeat draws anew: the split ("split") or the examples as well ("data").
    resample: Literal["split", "data"] = "split"
    # The column with the weights of examples; the weights of classes by name.
    weight: str | None = None
    class_weight: Literal["balanced"] | Mapping[str, float] | None = None
    # The axes of the inputs of an example; () for those of the source.
    shape: tuple[int, ...] = ()
    # The array with the lengths of sequences, or `nan` if padding is NaN.
    lengths: str | None = None
    # How the rows of a table in time order become sequences.
    sequence: "Windowing | None" = None

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
            "resample": lambda entry: entry.one_of(RESAMPLE),
            "weight": lambda entry: entry.text(),
            "class_weight": read_class_weight,
            "shape": read_shape,
            "lengths": read_lengths,
            "sequence": read_sequence,
        }
        source, options = read_source(entries["source"])
        given = {key: read(entries[key]) for key, read in readers.items() if key in entries}
        return cls(source, options, **with_splits_in_time(node, given))

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
            # Left out at their defaults, as in earlier versions.
            **({"resample": self.resample} if self.resample != "split" else {}),
            **({} if self.weight is None else {"weight": self.weight}),
            **({"shape": list(self.shape)} if self.shape else {}),
            **({} if self.lengths is None else {"lengths": self.lengths}),
            **({} if self.sequence is None else {"sequence": self.sequence.canonical()}),
            **({} if self.class_weight is None else {"class_weight": self.written_class_weight}),
        }

    @property
    def written_class_weight(self) -> Any:
        """The weights of classes as a sweep file would contain them."""
        return self.class_weight if isinstance(self.class_weight, str) else dict(self.class_weight or {})

    @property
    def file_choices(self) -> "FileChoices":
        """What the user decided about a file."""
        from fitgap.runner.data import FileChoices

        return FileChoices(**{each.name: getattr(self, each.name) for each in fields(FileChoices)})


def with_splits_in_time(node: SpecNode, given: dict[str, Any]) -> dict[str, Any]:
    """The settings; if rows become sequences, the splits become rules that hold out the last ones."""
    windowing = given.get("sequence")
    if windowing is None:
        return given
    for name in ("shape", "lengths"):
        if name in given:
            raise SpecError(f"{name} does not go with sequence, which arranges rows itself; leave it out", node.path)
    held_out = ["validation", *(["test"] if given.get("test") is not None else [])]
    return {**given, **{use: in_time(given.get(use), windowing, (*node.path, use)) for use in held_out}}


def as_stored(data: Mapping[str, Any]) -> dict[str, Any]:
    """The `data` section of a stored sweep. Versions that stored no treatment used the strict rules."""
    if "strict" in data:
        return dict(data)
    from fitgap.runner.data import STRICT_RULES, Treatment

    treatment = Treatment(rules=STRICT_RULES, strict=True, missing=data.get("missing") or "refuse")
    return {**data, "strict": True, "treatment": treatment.as_json()}


def read_treatment(node: SpecNode) -> "Treatment":
    """How the file was read when the sweep was stored; only fitgap writes this."""
    from fitgap.runner.data import Treatment

    try:
        return Treatment.from_json(node.value)
    except (ValueError, TypeError):
        raise node.wrong("must be what fitgap has stored", "leave it out") from None
