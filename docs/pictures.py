"""`python -m docs.pictures [FOLDER] [--brief]`: trains the sweeps of the documentation, and draws its pictures again.

Without a folder, it also writes the answers of the studies into their pages. With `--brief`, all networks are trained
for one epoch, to check within seconds that the command still makes every picture; the pictures are then meaningless.
"""

import contextlib
import io
import math
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fitgap.runner.charts import Request, draw
from fitgap.runner.charts.files import content_of
from fitgap.runner.cli.render.study_answer import print_answer
from fitgap.runner.driver import launch_new
from fitgap.runner.engine.placement import placement_of
from fitgap.runner.frames.running import Caller
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import Sweep, sweep_from_file, sweep_from_mapping
from fitgap.runner.store import open_store
from fitgap.runner.studies import STUDIES, Study, StudyRequest, StudyResult, planned_study, result_of

DOCS = Path(__file__).parent
IMAGES = DOCS / "images"
WIDTH = 560
# The answer of a study on its page.
ANSWER = re.compile(r"(## Result\n.*?\n```text\n).*?(```\n)", re.DOTALL)
BRIEF = "--brief"
# Largest numbers in a brief run: trials per configuration, and configurations of a grid.
REPEATS, FEW = 3, 20


@dataclass(frozen=True)
class Drawing:
    """A picture: its file, the sweep that it shows, the kind of chart, the trial if it shows just one, and options."""

    file: str
    sweep: str
    kind: str
    trial: int | None = None
    options: dict[str, Any] = field(default_factory=dict)


DRAWINGS = (
    Drawing("fitmap.svg", "digits", "fitmap"),
    Drawing("curves.svg", "digits", "curves"),
    Drawing("heat.svg", "digits", "heat", options={"by": ("architecture", "regularizer")}),
    Drawing("importance.svg", "digits", "importance"),
    Drawing("parallel.svg", "digits", "parallel"),
    Drawing("stopping.svg", "digits", "stopping"),
    Drawing("time.svg", "digits", "time"),
    Drawing("layers.svg", "digits", "layers"),
    Drawing("capacity.svg", "widths", "capacity"),
    Drawing("sensitivity.svg", "rates", "sensitivity"),
    Drawing("activation.svg", "two-moons", "activation"),
    Drawing("boundary.png", "two-moons", "boundary"),
    Drawing("houses-curves.svg", "houses", "curves"),
    Drawing("houses-fitmap.svg", "houses", "fitmap"),
    Drawing("houses-trial.svg", "houses", "curves", trial=22),
    Drawing("houses-capacity.svg", "houses", "capacity"),
    Drawing("houses-importance.svg", "houses", "importance"),
)
WIDTHS = {
    "name": "widths",
    "data": {"source": "diabetes", "validation": 0.3},
    "repeats": 8,
    "training": {"epochs": 150, "batch_size": 16},
    "axes": {
        "architecture": [1, 2, 4, 8, 16, 32, 64, 128],
        "optimizer": [{"adam": {"rate": 0.01}}],
    },
}
RATES = {
    "name": "rates",
    "data": {"source": "diabetes", "validation": 0.3},
    "repeats": 4,
    "training": {"epochs": 40, "batch_size": 16},
    "axes": {
        "architecture": [16],
        "optimizer": [
            {"gradient_descent": {"rate": [1e-4, 1e-3, 1e-2, 0.1, 1.0]}},
            {"adam": {"rate": [1e-5, 1e-4, 1e-3, 1e-2, 0.1]}},
        ],
    },
}
MOONS = {
    "name": "two-moons",
    "data": "moons",
    "repeats": 2,
    "training": {"epochs": 150, "batch_size": 16, "keep": "best"},
    "axes": {
        "architecture": ["none", 3, "32-32"],
        "activation": ["tanh", {"silu": {"learn": "beta"}}],
        "optimizer": [{"adam": {"rate": 0.02}}],
    },
}


def sweep_named(name: str, folder: Path) -> Sweep:
    """A sweep that the documentation shows; `folder` is for its data."""
    if name == "digits":
        return sweep_from_file(DOCS.parent / "examples" / "digits.yaml")
    if name == "houses":
        return sweep_from_mapping(houses(folder))
    return sweep_from_mapping({"widths": WIDTHS, "rates": RATES, "two-moons": MOONS}[name])


def houses(folder: Path) -> dict[str, Any]:
    """The sweep of the tutorial, on the data that the tutorial's script writes into `folder`."""
    tutorial = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```python\n(import random.*?)```", tutorial, re.DOTALL)
    path = folder / "houses.csv"
    subprocess.run([sys.executable, "-c", script], cwd=folder, check=True)
    return {
        "name": "houses",
        "data": {"source": str(path), "target": "price"},
        "repeats": 5,
        "training": {"epochs": 200},
        "axes": {
            "architecture": ["none", 8, "64-64"],
            "regularizer": ["none", {"l2": {"weight": 0.01}}],
            "optimizer": [{"adam": {"rate": 0.01}}],
        },
    }


def train(sweep: Sweep, database: str, is_brief: bool) -> None:
    """Train a sweep into a database of its own, so that its trials are numbered from 1."""
    prepared = prepare_sweep(brief(sweep) if is_brief else sweep)
    # Worker processes would take longer to start than the training takes.
    placement = placement_of("local" if is_brief else "auto", None, None, None, None, False)
    launch_new(prepared, placement, database, Caller(database, lambda line: None))


def brief(sweep: Sweep) -> Sweep:
    """The same sweep, trained for one epoch, and with few alternatives if several axes vary."""
    axes = dict(sweep.axes)
    while sum(len(values) > 1 for values in axes.values()) > 1 and math.prod(map(len, axes.values())) > FEW:
        longest = max(axes, key=lambda name: len(axes[name]))
        axes[longest] = (*axes[longest][:-2], axes[longest][-1])
    return replace(sweep, repeats=min(sweep.repeats, REPEATS), axes={**axes, "epochs": (1,)})


def picture_of(study: Study) -> str:
    """The file of a study's picture. Boundaries have thousands of tiles, which take less space as pixels."""
    return f"study-{study.name}.{'png' if study.name == 'boundaries' else 'svg'}"


def write_studies(studies: Iterable[Study], target: Path, is_brief: bool = False) -> dict[str, str]:
    """Train studies on their own data, and draw their pictures into a folder; returns their answers as printed."""
    target.mkdir(parents=True, exist_ok=True)
    answers = {}
    with tempfile.TemporaryDirectory(prefix="fitgap-studies-") as folder:
        for study in studies:
            database = str(Path(folder) / f"{study.name}.db")
            train(planned_study(StudyRequest(study, study.data)).prepared.sweep, database, is_brief)
            with open_store(database) as store:
                result = result_of(study, store, study.name)
                chart = result.chart(store, width=WIDTH)
            path = target / picture_of(study)
            path.write_bytes(content_of(chart, path.suffix))
            answers[study.name] = printed(result)
    return answers


def printed(result: StudyResult) -> str:
    """What `fitgap study` prints if its output is not a terminal."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        print_answer(result)
    return "\n".join(line.rstrip() for line in output.getvalue().splitlines())


def page_of(name: str) -> Path:
    return DOCS / "studies" / f"{name}.md"


def with_answer(page: str, answer: str) -> str:
    """The page of a study with its answer replaced by this one."""
    return ANSWER.sub(lambda found: f"{found[1]}{answer}\n{found[2]}", page, count=1)


def write(drawings: Iterable[Drawing], target: Path, is_brief: bool = False) -> None:
    """Train the sweeps that the pictures show, and draw the pictures into a folder."""
    target.mkdir(parents=True, exist_ok=True)
    databases: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="fitgap-pictures-") as folder:
        for each in drawings:
            if each.sweep not in databases:
                databases[each.sweep] = str(Path(folder) / f"{each.sweep}.db")
                train(sweep_named(each.sweep, Path(folder)), databases[each.sweep], is_brief)
            # A brief sweep has fewer trials.
            trial = 1 if is_brief and each.trial else each.trial
            request = Request(trial or each.sweep, width=WIDTH, **each.options)
            with open_store(databases[each.sweep]) as store:
                chart = draw(each.kind, store, request)
            path = target / each.file
            path.write_bytes(content_of(chart, path.suffix))


def main(words: list[str]) -> None:
    """Draw all pictures into the given folder, or without one into the documentation, with the studies' answers."""
    is_brief = BRIEF in words
    folders = [Path(word) for word in words if word != BRIEF]
    if is_brief and not folders:
        raise SystemExit(f"{BRIEF} needs a folder, because its pictures are not those of the documentation")
    write(DRAWINGS, folders[0] if folders else IMAGES, is_brief)
    answers = write_studies(STUDIES.values(), folders[0] if folders else IMAGES, is_brief)
    for name, answer in ({} if folders else answers).items():
        page = page_of(name)
        page.write_text(with_answer(page.read_text(encoding="utf-8"), answer), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
