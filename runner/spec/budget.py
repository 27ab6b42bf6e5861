"""The section `budget`: limits on how much one command trains."""

import re
from dataclasses import dataclass, fields
from typing import Any, Self

from fitgap.runner.errors import SpecError
from fitgap.runner.spec.shorthand import scalar
from fitgap.runner.spec.validation import SpecNode, is_number

KEYS = ("trials", "time", "epochs")
LARGEST = 10**15
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
TIME = re.compile(r"\s*(?:\d+(?:\.\d+)?\s*[smhd]\s*)+", re.IGNORECASE)
PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])", re.IGNORECASE)
TIME_RULE = "must be a time above 0, such as 90s, 10m, 1h30m or a number of seconds"


@dataclass(frozen=True)
class Budget:
    """The limits of a command on trials, seconds, and the total epochs of all trials; None for no limit."""

    trials: int | None = None
    seconds: float | None = None
    epochs: int | None = None

    @property
    def is_limited(self) -> bool:
        return any(getattr(self, field.name) is not None for field in fields(self))

    def overridden_by(self, other: "Budget") -> "Budget":
        """This budget, with limits replaced by those that `other` sets."""
        given = {field.name: getattr(other, field.name) for field in fields(other)}
        return Budget(**{name: getattr(self, name) if limit is None else limit for name, limit in given.items()})

    def canonical(self) -> dict[str, Any]:
        """The limits in sweep-file form."""
        limits = {"trials": self.trials, "time": self.seconds, "epochs": self.epochs}
        return {key: value for key, value in limits.items() if value is not None}

    @classmethod
    def read(cls, node: SpecNode) -> Self:
        """The limits from a mapping. Raises SpecError."""
        entries = node.entries(KEYS)
        counts = {key: entries[key].whole_number(1, LARGEST) for key in ("trials", "epochs") if key in entries}
        return cls(**counts, seconds=seconds_of(entries["time"]) if "time" in entries else None)


def seconds_of(node: SpecNode) -> float:
    """A time in seconds, from a number or from text such as `1h30m`."""
    value = node.value
    seconds = float(value) if is_number(value) else 0.0
    if isinstance(value, str) and TIME.fullmatch(value):
        seconds = sum(float(amount) * UNITS[unit.lower()] for amount, unit in PART.findall(value))
    if not 0 < seconds <= LARGEST:
        raise node.wrong(TIME_RULE)
    return seconds


def budget_from_flags(trials: Any, time: Any, epochs: Any) -> Budget:
    """The limits given on the command line; None for those that are not. Raises SpecError with a one-line message."""
    flags = {"--max-trials": ("trials", trials), "--max-time": ("time", time), "--max-epochs-total": ("epochs", epochs)}
    found = Budget()
    for flag, (key, value) in flags.items():
        try:
            number = scalar(value) if isinstance(value, str) else value
            found = found.overridden_by(Budget.read(SpecNode({key: number})))
        except SpecError as error:
            raise SpecError(f"{flag}: {error.message}") from None
    return found
