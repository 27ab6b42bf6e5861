"""Windows over the rows of a table in the `data` section of a sweep, and what they mean for the split."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fitgap.runner.errors import SpecError
from fitgap.runner.spec.shorthand import parse_settings
from fitgap.runner.spec.validation import SpecNode

if TYPE_CHECKING:
    from fitgap.runner.data import SplitRule, Windowing

KEYS = ("window", "by", "step", "horizon")
LONGEST = 100_000
USUAL_SHARE = 0.3


def read_sequence(node: SpecNode) -> "Windowing":
    """A mapping such as `{window: 24, by: date, horizon: 1}`, or in a flag `window=24,by=date`."""
    from fitgap.runner.data import Windowing

    if isinstance(node.value, str):
        try:
            return read_sequence(SpecNode(parse_settings(node.value), node.path))
        except SpecError as error:
            raise SpecError(error.message, node.path) from None
    entries = node.entries(KEYS)
    if "window" not in entries:
        raise SpecError("window must be given: the number of rows of a sequence, such as {window: 24}", node.path)
    return Windowing(
        window=entries["window"].whole_number(1, LONGEST),
        by=entries["by"].text() if "by" in entries else None,
        step=entries["step"].whole_number(1, LONGEST) if "step" in entries else 1,
        horizon=entries["horizon"].whole_number(0, LONGEST) if "horizon" in entries else 1,
    )


def in_time(split: Any, windowing: "Windowing", path: tuple[str | int, ...]) -> "SplitRule":
    """The rule that holds out the last windows, from a share, a number, or a rule that takes the last examples.

    Raises SpecError for anything else: windows share rows, so random ones would contain rows seen in training.
    """
    from fitgap.runner.data import SplitRule

    if split is None or (isinstance(split, (int, float)) and not isinstance(split, bool)):
        return SplitRule("last", windowing.by, USUAL_SHARE if split is None else split)
    if isinstance(split, SplitRule) and split.kind == "last" and split.name in (None, windowing.by):
        return replace(split, name=windowing.by)
    rule = "windows share rows, so with sequence the last ones must be held out, in the order of sequence.by"
    raise SpecError(f"{rule}; write a share such as {path[-1]}: 0.3", path)
