"""Charts of synthetic sweeps, as specifications and as images."""

import contextlib
import io
import json

import numpy as np
import pytest
from fitgap.runner.charts import Request, draw
from fitgap.runner.charts.files import png
from fitgap.runner.store import open_store
from PIL import Image
from support.charts.made_sweeps import Made, make


@pytest.fixture
def made(tmp_path, sqlite_template):
    """`made(configurations=…, …)`: an open store with a synthetic sweep, for reading."""
    with contextlib.ExitStack() as opened:

        def maker(**facts):
            path = tmp_path / f"made-{len(list(tmp_path.iterdir()))}.db"
            path.write_bytes(sqlite_template.read_bytes())
            make(str(path), Made(**facts))
            return opened.enter_context(open_store(str(path)))

        yield maker


@pytest.fixture
def specified():
    """`specified(kind, store, **request)`: the specification of a chart as plain data."""

    def run(kind, store, what="made", **request):
        return json.loads(draw(kind, store, Request(what, **request)).to_json())

    return run


@pytest.fixture
def pixels():
    """`pixels(specification)`: the image as an array (height, width, 3)."""

    def run(specification):
        return np.asarray(Image.open(io.BytesIO(png(json.dumps(specification)))).convert("RGB"))

    return run
