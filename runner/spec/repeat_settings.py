"""The setting `repeats`: a number, or rounds in which only configurations that could be the best get more."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from fitgap.runner.analysis.pairing import CONFIDENCE
from fitgap.runner.errors import SpecError
from fitgap.runner.spec.shorthand import settings_of
from fitgap.runner.spec.validation import SpecNode, is_number

if TYPE_CHECKING:
    from fitgap.runner.spec.sweep import Sweep

MOST_REPEATS = 10_000
KEYS = ("from", "to", "until")
EXAMPLE = "{from: 1, to: 8}, or from=1,to=8"
LOWEST_CONFIDENCE = 0.5


@dataclass(frozen=True)
class RepeatRounds:
    """Every configuration has `least` repeats; those that could be the best get further ones, up to `most`, until one
    is the best with the confidence `until`.
    """

    least: int
    most: int
    until: float = CONFIDENCE

    def canonical(self) -> dict[str, Any]:
        """These settings in sweep-file form."""
        return {"from": self.least, "to": self.most, "until": self.until}

    @classmethod
    def read(cls, node: SpecNode) -> Self:
        """The settings from a mapping, or from shorthand such as `from=1,to=8`. Raises SpecError."""
        entries = settings_of(node, f"must be a number, or rounds such as {EXAMPLE}").entries(KEYS)
        if "to" not in entries:
            raise SpecError(f"to must be given, the largest number of repeats, as in {EXAMPLE}", node.path)
        least = entries["from"].whole_number(1, MOST_REPEATS - 1) if "from" in entries else 1
        most = entries["to"].whole_number(1, MOST_REPEATS)
        if most <= least:
            raise entries["to"].wrong(f"must be above from, {least}", f"write repeats: {least} to have no rounds")
        until = confidence_of(entries["until"]) if "until" in entries else CONFIDENCE
        return cls(least, most, until)


def confidence_of(node: SpecNode) -> float:
    """A confidence below 1. Raises SpecError."""
    value = node.value
    if not is_number(value) or not LOWEST_CONFIDENCE <= value < 1:
        raise node.wrong(f"must be a confidence, at least {LOWEST_CONFIDENCE} and below 1", "write 0.95 for 95 %")
    return float(value)


def read_repeats(node: SpecNode) -> tuple[int, RepeatRounds | None]:
    """The repeats that every configuration has, and the rounds of further ones, if there are any. Raises SpecError."""
    value = node.value
    if isinstance(value, dict) or (isinstance(value, str) and "=" in value):
        rounds = RepeatRounds.read(node)
        return rounds.least, rounds
    return node.whole_number(1, MOST_REPEATS), None


def stored_rounds(specification: Mapping[str, Any]) -> RepeatRounds | None:
    """The rounds of a stored sweep; None if all its configurations have the same repeats."""
    return read_repeats(SpecNode(specification.get("repeats", 1)))[1]


def check_rounds(sweep: "Sweep") -> None:
    """Raise SpecError if the errors in a sweep cannot be compared with those of its best configuration."""
    if sweep.rounds is None:
        return
    advice = "write the number of repeats, such as repeats: 3"
    if sweep.pruning:
        rule = f"rounds (from, to) cannot be combined with {sweep.pruning.section}"
        raise SpecError(f"{rule}, which compares errors before the end of training; {advice}", ("repeats",))
    if len(sweep.axes["loss"]) > 1:
        rule = "rounds (from, to) compare errors, but those of several losses cannot be compared"
        raise SpecError(f"{rule}; {advice}, or name one loss", ("repeats",))


def extended_rounds(sweep: "Sweep", value: Any) -> Any:
    """The repeats of an extended sweep in written form. If the sweep has rounds, a number is their new maximum. Keys
    that are left out of rounds are taken from the sweep.
    """
    before = sweep.rounds
    if is_number(value):
        return {**before.canonical(), "to": value} if before else value
    known = {"from": sweep.repeats, **({"until": before.until} if before else {})}
    try:
        return {**known, **settings_of(SpecNode(value), "must be rounds").value}
    except SpecError:
        # Reading the extended sweep reports what is wrong, and where.
        return value


def check_more_repeats(sweep: "Sweep", extended: "Sweep") -> None:
    """Raise SpecError unless a sweep has at least as many repeats, and the same rounds, once it is extended."""
    before, after = sweep.rounds, extended.rounds
    if after is None:
        if extended.repeats < sweep.repeats:
            raise SpecError(f"must be at least {sweep.repeats}, as many as the sweep has", ("repeats",))
        return
    until = before.until if before else after.until
    least_most = before.most if before else sweep.repeats + 1
    if (after.least, after.until) == (sweep.repeats, until) and after.most >= least_most:
        return
    wanted = RepeatRounds(sweep.repeats, max(least_most, after.most), until).canonical()
    example = ",".join(f"{key}={value:g}" for key, value in wanted.items())
    rule = "must be the rounds of the sweep" if before else "must begin with the repeats of the sweep"
    raise SpecError(f"{rule}, and allow as many repeats or more; write {example}", ("repeats",))


def require_equal_repeats(sweep: "Sweep") -> None:
    """Raise SpecError for a sweep with rounds, to which single configurations cannot be added."""
    if sweep.rounds:
        rule = f"sweep {sweep.name} has rounds of repeats, in which new configurations would compete with those it has"
        advice = f"add alternatives or repeats with fitgap extend, or start from a sweep with repeats: {sweep.repeats}"
        raise SpecError(f"{rule}; {advice}")
