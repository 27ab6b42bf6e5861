"""`python -m docs.pictures [FOLDER]`: trains what the documentation shows and draws every picture of it again."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fitgap.runner.charts import Request, draw
from fitgap.runner.charts.files import content_of
from fitgap.runner.driver import launch_new
from fitgap.runner.engine.placement import placement_of
from fitgap.runner.frames.running import Caller
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import Sweep, sweep_from_file, sweep_from_mapping
from fitgap.runner.store import open_store

DOCS = Path(__file__).parent
IMAGES = DOCS / "images"
WIDTH = 560


@dataclass(frozen=True)
class Drawing:
    """A picture: its file, the sweep that it shows, the kind of chart, and what is asked for."""

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
    """The sweep of the tutorial on the data that its script makes."""
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


def train(name: str, folder: Path) -> str:
    """Train a sweep into a database of its own, so that its trials are numbered from 1; returns the database."""
    database = str(folder / f"{name}.db")
    prepared = prepare_sweep(sweep_named(name, folder))
    launch_new(prepared, placement_of("auto", None, None, None, None, False), database, Caller(database, print))
    return database


def write(drawings: Iterable[Drawing], target: Path) -> None:
    """Train what the pictures show, and draw them into a folder."""
    target.mkdir(parents=True, exist_ok=True)
    databases: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="fitgap-pictures-") as folder:
        for each in drawings:
            if each.sweep not in databases:
                databases[each.sweep] = train(each.sweep, Path(folder))
            request = Request(each.trial or each.sweep, width=WIDTH, **each.options)
            with open_store(databases[each.sweep]) as store:
                chart = draw(each.kind, store, request)
            path = target / each.file
            path.write_bytes(content_of(chart, path.suffix))


if __name__ == "__main__":
    write(DRAWINGS, Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
