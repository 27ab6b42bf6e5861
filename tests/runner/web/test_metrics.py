"""Metrics on the web page: columns of both tables, to sort and filter by, and a section of a trial."""

import re

import polars as pl
import pytest
from fitgap import open_store, run_sweep


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    database = str(tmp_path_factory.mktemp("metrics") / "s.db")
    sweep = {
        "name": "iris",
        "data": "iris",
        "repeats": 2,
        "training": {"epochs": 4},
        "axes": {"architecture": [2, 8], "optimizer": [{"adam": {"rate": [0.01, 0.1]}}]},
    }
    run_sweep(sweep, db=database, engine="local", notify=lambda line: None)
    return database


@pytest.fixture
def page(open_page, database):
    return open_page(database)


def column_of(text, key):
    """The numbers in a column of a table."""
    heads = re.findall(r'<th scope="col".*?</th>', text.partition("<thead>")[2].partition("</thead>")[0], re.DOTALL)
    place = next(number for number, head in enumerate(heads) if f"sort={key}" in head or f"sort=-{key}" in head)
    rows = text.partition("<tbody>")[2].partition("</tbody>")[0].split("<tr ")[1:]
    cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)[place] for row in rows]
    return [float(re.sub(r"<[^>]*>", "", cell)) for cell in cells]


@pytest.mark.parametrize("key", ["best_f1_macro_v", "recall_v.virginica"])
@pytest.mark.parametrize("show", ["trials", "configurations"])
def test_tables_have_metrics_as_columns_and_are_sorted_by_them(show, key, page, database):
    asked = {"show": show, "columns": f"{key},log_loss_v", "sort": f"-{key}", "where": f"{key} >= 0"}
    answer = page.get("/sweeps/iris", params=asked)
    assert answer.status_code == 200
    found = column_of(answer.text, key)
    assert found == sorted(found, reverse=True)
    with open_store(database) as store:
        rows = store.trials("iris", columns=["configuration", key])
        groups = rows.group_by("configuration").agg(pl.col(key).mean())
        expected = (rows if show == "trials" else groups)[key].to_list()
    assert found == [float(f"{value:.3g}") for value in sorted(expected, reverse=True)]


def test_wrong_metrics_name_the_nearest(page):
    for show in ("trials", "configurations"):
        text = page.get("/sweeps/iris", params={"show": show, "columns": "recall_v.virginicaa"}).text
        assert "there is no class &#39;virginicaa&#39;; did you mean recall_v.virginica?" in text
        text = page.get("/sweeps/iris", params={"show": show, "columns": "best_f1_macro"}).text
        assert "did you mean &#39;best_f1_macro_v&#39;?" in text


def test_a_trial_shows_its_metrics_and_recalls(page):
    text = page.get("/trials/1").text
    assert "Metrics" in text and "balanced accuracy v" in text
    recalls = text.partition("Recall after the best epoch")[2]
    assert all(name in recalls for name in ("setosa", "versicolor", "virginica"))
