"""How a file is read: what the user decided, and the treatment that follows from it and from the file.

The treatment is stored with a sweep, so that its data are always read in the same way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from fitgap.runner.data.formats.layout import Layout
from fitgap.runner.data.split_rules import SplitRule
from fitgap.runner.data.windowing import Windowing

# Rules 1: anything that is not plain is refused, and nothing is detected. Sweeps of fitgap 0.1 store no treatment.
# Rules 2: a treatment is stored.
STRICT_RULES, RULES = 1, 2


@dataclass(frozen=True)
class DateColumn:
    """A column of dates: its format (None if the file stores dates), the first date in seconds, and its inputs.

    `parts` are those of year, month, weekday and hour that vary; the seconds since the first date are always an input.
    """

    format: str | None
    origin: float
    parts: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {"format": self.format, "origin": self.origin, "parts": list(self.parts)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(stored["format"], float(stored["origin"]), tuple(stored["parts"]))


@dataclass(frozen=True)
class FileChoices:
    """What the user decided about a file; None or empty leaves it to fitgap, or to the strict rules.

    `inputs`, `ignore`, `categorical` and `dates` hold names or patterns of columns; `dates` maps them to a format, or
    to None. `splits` has the rules for the uses `validation` and `test`, if a column or a second file decides.
    `weight` is the column with the weights of the examples. `lengths` is the array with the lengths of sequences, or
    `nan` if padding is NaN. `sequence` says how rows become sequences.
    """

    strict: bool = False
    missing: str | None = None
    text: str | None = None
    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    missing_values: tuple[str, ...] | None = None
    inputs: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    dates: Mapping[str, str | None] = field(default_factory=dict)
    target_kind: str | None = None
    splits: Mapping[str, SplitRule] = field(default_factory=dict)
    weight: str | None = None
    lengths: str | None = None
    sequence: Windowing | None = None


@dataclass(frozen=True)
class Treatment:
    """What is done with a file. `ignored` maps columns to the reason; `text` names the one-hot encoded columns.

    `missing` is a word of MISSING. `words` replaces the known words for missing values. With `row_numbers`, the file
    has no column but its targets, so the number of the row is the input. A target in `dates` holds days since the
    first date. `lengths` and `sequence` are those of the choices.
    """

    rules: int = RULES
    strict: bool = False
    format: str = "CSV"
    layout: Layout = field(default_factory=Layout)
    words: tuple[str, ...] | None = None
    ignored: Mapping[str, str] = field(default_factory=dict)
    text: tuple[str, ...] = ()
    dates: Mapping[str, DateColumn] = field(default_factory=dict)
    target_kind: str | None = None
    missing: str = "refuse"
    row_numbers: bool = False
    lengths: str | None = None
    sequence: Windowing | None = None

    def as_json(self) -> dict[str, Any]:
        """This treatment as JSON-ready data."""
        return {
            "rules": self.rules,
            "strict": self.strict,
            "format": self.format,
            "layout": self.layout.as_json(),
            "words": None if self.words is None else list(self.words),
            "ignored": dict(self.ignored),
            "text": list(self.text),
            "dates": {name: date.as_json() for name, date in self.dates.items()},
            "target_kind": self.target_kind,
            "missing": self.missing,
            "row_numbers": self.row_numbers,
            # Left out if None, as in earlier versions.
            **({} if self.lengths is None else {"lengths": self.lengths}),
            **({} if self.sequence is None else {"sequence": self.sequence.as_json()}),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The treatment in JSON data; ValueError if it is not one."""
        try:
            return cls(
                rules=int(stored["rules"]),
                strict=bool(stored["strict"]),
                format=str(stored["format"]),
                layout=Layout.from_json(stored["layout"]),
                words=None if stored["words"] is None else tuple(map(str, stored["words"])),
                ignored=dict(stored["ignored"]),
                text=tuple(map(str, stored["text"])),
                dates={name: DateColumn.from_json(date) for name, date in stored["dates"].items()},
                target_kind=stored["target_kind"],
                missing=str(stored["missing"]),
                row_numbers=bool(stored["row_numbers"]),
                lengths=None if stored.get("lengths") is None else str(stored["lengths"]),
                sequence=Windowing.from_json(stored["sequence"]) if stored.get("sequence") else None,
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a stored treatment of a file: {error}") from None
