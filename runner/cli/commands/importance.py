"""`fitgap importance`: which settings matter, as shares of variance with bars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from fitgap.runner.cli.options.common import Columns, Database, Format, OutputFormat, SweepArgument, Where
from fitgap.runner.cli.render.bars import bar
from fitgap.runner.cli.render.lines import line_width
from fitgap.runner.key_lists import split_keys

if TYPE_CHECKING:
    from fitgap.runner.store import Row

KEYS = ("of", "effect", "share", "raw_share", "noise_share")
# E_v, and the two parts of its excess over the reference.
DEFAULT_METRICS = "e_v,underfit,overfit"
GROUPED = (
    "Numbers drawn from ranges are grouped by quantiles: into four groups if a setting has one such number, otherwise "
    "into two for each. No share includes differences within a group."
)
WIDTH = 80
LONGEST_BAR = 12
# Pairs with smaller shares in all metrics are shown together.
SMALL = 0.005


@dataclass(frozen=True)
class Line:
    """An effect with its share of the variance of each metric, where it has one."""

    effect: str
    kind: str
    axis: str | None
    shares: Mapping[str, float]

    @property
    def size(self) -> float:
        """The share in the metric named first, by which lines are sorted."""
        return next(iter(self.shares.values()))


def importance(
    sweep: SweepArgument,
    of: Annotated[
        str, typer.Option(metavar="KEY[,KEY…]", help="Metrics whose variance is decomposed.")
    ] = DEFAULT_METRICS,
    scale: Annotated[str, typer.Option(help="Decompose the metric itself (linear), its log or its rank.")] = "linear",
    where: Where = None,
    columns: Columns = None,
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Show which settings matter: the share of variance explained by each axis and each pair of axes."""
    from fitgap.runner.cli.render.formats import print_rows
    from fitgap.runner.cli.render.lines import say
    from fitgap.runner.cli.render.pruned import pruned_note
    from fitgap.runner.cli.render.text_tables import print_table
    from fitgap.runner.store import open_store

    metrics = list(dict.fromkeys(split_keys(of)))
    with open_store(database) as store:
        rows = store.importance(sweep, metrics, scale=scale, where=where)
        pruned = pruned_note(store, [sweep])
    if output_format is not Format.TABLE or columns:
        print_rows(rows, output_format, table_keys=KEYS, columns=columns)
    elif rows:
        shown = list(dict.fromkeys(row["of"] for row in rows))
        table = table_rows(arranged(lines_of(rows)), shown)
        print_table(table, ["effect", *shown], title=explanation(rows, scale), needed=shown[:1])
        if rows[0]["grouped"]:
            say(GROUPED)
        if line := estimated(rows):
            say(line)
        if pruned:
            say(pruned)
    else:
        say("nothing to decompose: no two completed trials differ both in their settings and in their values")


def estimated(rows: "list[Row]") -> str | None:
    """A line if most values were estimated, since most combinations of settings were not trained; None if not."""
    trials, holes = max(row["trials"] for row in rows), rows[0]["filled"]
    if holes <= trials:
        return None
    return (
        f"Most values ({holes:,} of {holes + trials:,}) were not measured but estimated, from the effects of settings "
        "and of pairs of settings: read these shares with care."
    )


def lines_of(rows: "list[Row]") -> list[Line]:
    """One line per effect."""
    effects = {row["effect"]: row for row in rows}
    shares: dict[str, dict[str, float]] = {effect: {} for effect in effects}
    for row in rows:
        shares[row["effect"]][row["of"]] = row["share"]
    return [Line(effect, row["kind"], row["axis"], shares[effect]) for effect, row in effects.items()]


def arranged(lines: Sequence[Line]) -> list[Line]:
    """The lines in order: axes, each followed by its parts, then pairs, both largest first; then the rest."""
    by_size = sorted(lines, key=lambda line: -line.size)
    axes = [line for line in by_size if line.kind == "axis"]
    parts = [line for line in lines if line.kind == "part"]
    pairs = [line for line in by_size if line.kind == "pair"]
    return [
        *(line for axis in axes for line in (axis, *(part for part in parts if part.axis == axis.axis))),
        *without_small(pairs),
        *(line for line in lines if line.kind not in ("axis", "part", "pair")),
    ]


def without_small(pairs: list[Line]) -> list[Line]:
    """The pairs; those that are small in all metrics are summed in one line."""
    small = [line for line in pairs if max(line.shares.values()) < SMALL]
    if len(small) < 2:
        return pairs
    together: dict[str, float] = {}
    for line in small:
        for name, share in line.shares.items():
            together[name] = together.get(name, 0.0) + share
    return [*(line for line in pairs if line not in small), Line(f"{len(small)} smaller pairs", "pair", None, together)]


def table_rows(lines: list[Line], metrics: list[str]) -> list[dict[str, Any]]:
    """The lines as table rows, with bars as long as the terminal has room for."""
    texts = [f"  {line.effect}" if line.kind == "part" else line.effect for line in lines]
    room = (line_width(WIDTH) - 2 - max(map(len, texts))) // len(metrics) - len("-99.9 %   ")
    length = max(0, min(LONGEST_BAR, room))
    return [
        {"effect": text, **{name: share_text(line.shares.get(name), length) for name in metrics}}
        for text, line in zip(texts, lines, strict=True)
    ]


def share_text(share: float | None, length: int) -> str:
    """A share as a percentage and a bar, such as `12.5 % █▌`; empty if there is no share."""
    if share is None:
        return ""
    # Adding 0.0 turns −0.0 into 0.0.
    return f"{round(100 * share, 1) + 0.0:5.1f} % {bar(share, length)}"


def explanation(rows: "list[Row]", scale: str) -> str:
    """One line that says what the shares are of, with the number of trials that have each metric."""
    counts = {row["of"]: row["trials"] for row in rows}
    trials, holes = max(counts.values()), rows[0]["filled"]
    fewer = [f"{count:,} of them for {name}" for name, count in counts.items() if count < trials]
    variance = "variance" if scale == "linear" else f"variance of the {scale}"
    filled = f" ({holes:,} missing ones estimated)" if holes else ""
    noise = "" if any(row["kind"] == "noise" for row in rows) else "; with one repeat, every share includes noise"
    which = f" ({', '.join(fewer)})" if fewer else ""
    return f"shares of the {variance} among {trials:,} trials{which}{filled}{noise}"
