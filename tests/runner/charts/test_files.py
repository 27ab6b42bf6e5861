"""Charts as files."""

import json
import re

import altair as alt
import polars as pl
import pytest
from fitgap.runner.charts.files import FORMATS, check_format, content_of, library, version
from fitgap.runner.errors import ChartError

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&amp;"
BEGINNINGS = {".png": b"\x89PNG", ".svg": b"<svg", ".pdf": b"%PDF", ".html": b"<!doctype html>", ".json": b"{"}


@pytest.fixture(scope="module")
def chart():
    bars = alt.Chart(pl.DataFrame({"x": [HOSTILE, "b"], "y": [1, 2]})).mark_bar().encode(x="x:N", y="y:Q")
    return bars.properties(title=HOSTILE)


@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_is_what_its_ending_says(ending, chart):
    assert content_of(chart, ending).startswith(BEGINNINGS[ending])


def test_names_cannot_leave_the_data_of_a_page(chart):
    page = content_of(chart, ".html").decode()
    assert HOSTILE not in page and "<script>alert" not in page and "<img" not in page.split("<script>")[0]
    (data,) = re.findall(r'<script id="specification" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert json.loads(data)["title"] == HOSTILE
    assert "default-src 'none'" in page and "unsafe-eval" not in page
    # Nothing is loaded from elsewhere.
    assert not re.search(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=", page.replace(library(), ""))


def test_the_specification_can_be_read_again(chart):
    assert alt.Chart.from_json(content_of(chart, ".json").decode()).to_dict()["mark"] == {"type": "bar"}


def test_the_ending_of_a_file_says_how_to_write_it(tmp_path):
    assert check_format(tmp_path / "a.PNG") == ".png"
    with pytest.raises(ChartError, match=r"a\.gif must end in \.png, \.svg, \.pdf, \.html, \.json"):
        check_format(tmp_path / "a.gif")


def test_what_altair_writes_can_be_drawn():
    assert version().split(".")[0] == alt.SCHEMA_VERSION.lstrip("v").split(".")[0]
