"""The content of a report on a sweep, as plain blocks that are rendered as HTML or PDF."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fitgap.runner.amounts import counted
from fitgap.runner.charts import KINDS, Request, Subject
from fitgap.runner.charts.files import content_of
from fitgap.runner.charts.settings import TITLES, short
from fitgap.runner.names import plainer
from fitgap.runner.package import program_version
from fitgap.runner.store import Row, Store

LEADERS = 15
WIDTH = 640
# A chart whose SVG file would be larger than this, in bytes, becomes a PNG file.
LARGE = 400_000
# The charts of a report, with the heading of each.
CHARTS = {
    "fitmap": "What underfits, what overfits",
    "capacity": "Capacity",
    "importance": "Which settings matter",
    "curves": "Curves of the best and the worst configurations",
}


@dataclass(frozen=True)
class Words:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Lines:
    """Preformatted text."""

    lines: Sequence[str]


@dataclass(frozen=True)
class Table:
    """Rows of texts below their headers; columns from index `numbers` on hold numbers."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: int


@dataclass(frozen=True)
class Picture:
    """A chart in both themes, in the format of the suffix `ending`, with a description in words."""

    words: str
    light: bytes
    dark: bytes
    ending: str


@dataclass(frozen=True)
class Section:
    heading: str
    blocks: Sequence[Words | Lines | Table | Picture]


@dataclass(frozen=True)
class Report:
    """A title and sections."""

    title: str
    sections: Sequence[Section]


def report_of(store: Store, sweep: str, answer: Sequence[str]) -> Report:
    """The report on a sweep. `answer` is its diagnosis in words. Raises StoreError if there is no such sweep."""
    subject = Subject(store, Request(sweep, width=WIDTH))
    subject.require(subject.trials, "trials")
    drawn = {kind: chart_section(subject, kind) for kind in CHARTS}
    sections = [
        Section("Question", [Words(question(subject))]),
        Section("Answer", [Lines(answer)]),
        drawn["fitmap"],
        Section("The best configurations", [leaderboard(subject)]),
        *(drawn[kind] for kind in CHARTS if kind != "fitmap"),
        Section("Settings", list(settings(subject))),
        Section("How to reproduce it", list(reproduction(subject))),
    ]
    return Report(f"fitgap report: {subject.name}", sections)


def question(subject: Subject) -> str:
    """What was tried, on which data."""
    configurations = counted(subject.configurations.height, "configuration")
    axes = ", ".join(f"{axis.title} ({len(axis.settings)})" for axis in subject.axes.values())
    varied = f" They differ in {axes}." if axes else ""
    statuses = subject.trials["status"].value_counts(sort=True).iter_rows()
    ends = ", ".join(f"{count:,} {status}" for status, count in statuses)
    trials = f"{subject.trials.height:,} trials: {ends}."
    return f"Which of {configurations} underfit, which overfit, and by how much?{varied} {trials}"


def chart_section(subject: Subject, kind: str) -> Section:
    """A chart, or why there is none."""
    reason = KINDS[kind].unsuitable(subject)
    if reason:
        return Section(CHARTS[kind], [Words(f"No chart: {reason}.")])
    return Section(CHARTS[kind], [picture(subject, kind)])


def picture(subject: Subject, kind: str) -> Picture:
    chart = KINDS[kind].draw(subject)
    title = chart.to_dict()["title"]
    words = " ".join([*title["text"], *title.get("subtitle", [])])
    light = content_of(chart, ".svg")
    ending = ".svg" if len(light) <= LARGE else ".png"
    if ending == ".png":
        light = content_of(chart, ".png")
    with subject.in_theme("dark"):
        return Picture(words, light, content_of(KINDS[kind].draw(subject), ending), ending)


def leaderboard(subject: Subject) -> Table:
    """The best configurations by their mean best E_v."""
    axes = list(subject.axes) or ["architecture"]
    rows = subject.store.leaderboard(subject.sweep["id"], axes, LEADERS)
    # Sweeps of earlier versions have no honest E_v.
    measure = "honest_e_v" if all(row["honest_e_v"] is not None for row in rows) else "best_e_v"
    numbers = {
        measure: measure.replace("_e_v", " E_v"),
        f"{measure}_sd": "± sd",
        "best_epoch": "best epoch",
        "e_t": "E_t",
        "e_v": "E_v",
        "accuracy_v": "R²" if subject.sweep["target_kind"] == "numbers" else "accuracy",
    }
    shown = [key for key in numbers if any(row.get(key) is not None for row in rows)]
    headers = [*(TITLES.get(name, name) for name in axes), "verdict", "repeats", *(numbers[key] for key in shown)]
    cells = [
        [
            *(short(plainer(str(row[name]))) for name in axes),
            (row["verdict"] or "").replace("_", " "),
            str(row["completed"]),
            *(number(row[key]) for key in shown),
        ]
        for row in rows
    ]
    return Table(headers, cells, len(axes) + 1)


def number(value: Any) -> str:
    return "" if value is None else f"{value:.3g}"


def settings(subject: Subject) -> Iterator[Words | Table]:
    """The axes with their alternatives, and what is the same for all trials."""
    specification = subject.sweep["specification"]
    rows = [[axis.title, ", ".join(axis.order)] for axis in subject.axes.values()]
    if rows:
        yield Table(["setting", "alternatives"], rows, 2)
    training = specification.get("training", {})
    fixed = [f"{key.replace('_', ' ')}: {plain(value)}" for key, value in training.items()]
    data = specification.get("data", {})
    fixed += [f"{key}: {plain(value)}" for key, value in data.items() if value not in (None, [], "")]
    yield Words("The same for all trials: " + "; ".join([f"seed: {specification.get('seed')}", *fixed]) + ".")


def plain(value: Any) -> str:
    """A setting in words: `digits` for `{"digits": {}}`."""
    if isinstance(value, dict):
        return ", ".join(name if not inner else f"{name} {plain(inner)}" for name, inner in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def reproduction(subject: Subject) -> Iterator[Words | Lines | Table]:
    """The command, the sweep file and the versions needed to reproduce the numbers."""
    name = subject.name
    yield Words(
        f"Save the following as {name}.json and run: fitgap run {name}.json. On the same kind of machine and with the "
        "same versions, all numbers are the same to the last bit."
    )
    yield Lines(specification_lines(subject.sweep["specification"]))
    first = subject.trials.filter(subject.trials["status"] == "completed")["trial"].head(1).to_list()
    environment = first and subject.store.show(first[0])["environment"]
    if environment:
        rows = [[key.replace("_", " "), str(value)] for key, value in environment.items() if value is not None]
        yield Table(["trained with", ""], rows, 2)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    yield Words(f"Written by fitgap {program_version()} on {now} UTC.")


def specification_lines(specification: Row) -> list[str]:
    """The sweep as JSON, which is a sweep file as well, with one line per setting."""
    lines = []
    for key, value in specification.items():
        if isinstance(value, dict):
            inner = [f"    {json.dumps(name)}: {json.dumps(each)}" for name, each in value.items()]
            lines.append(f"  {json.dumps(key)}: {{\n" + ",\n".join(inner) + "\n  }")
        else:
            lines.append(f"  {json.dumps(key)}: {json.dumps(value)}")
    return ["{", *",\n".join(lines).splitlines(), "}"]
