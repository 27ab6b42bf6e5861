"""What a filter, a rectangle, pins and a baseline select: in the table, in charts, in comparisons and in the API."""

import re
from urllib.parse import urljoin

import polars as pl
import pytest
from fitgap.runner.store import open_store

HALF = "repeat == 1 or configuration == '0000000000000003'"


def test_a_configuration_that_a_filter_shows_in_part_says_of_how_many_trials_its_means_are(client):
    said = "each mean is over the repeats that match it"
    page = client.get("/sweeps/made", params={"where": HALF, "rows": 500}).text
    assert said in page and ">trials</a></th>" in page
    assert page.count(">1 of 3</td>") == 23 and page.count(">3 of 3</td>") == 1
    lines = client.get("/sweeps/made/table.csv", params={"where": HALF}).text.splitlines()
    place = lines[0].split(",").index("trials")
    assert lines[0].endswith(",all_trials") and {line.split(",")[place] for line in lines[1:]} == {"1", "3"}
    frame = pl.read_parquet(client.get("/sweeps/made/table.parquet", params={"where": HALF}).content)
    assert frame["all_trials"].to_list() == [3] * 24 and frame["trials"].sum() == 23 + 3
    pins = "0000000000000003,0000000000000004"
    assert ">3 of 3<" in client.get("/sweeps/made/compare", params={"where": HALF, "pins": pins}).text


@pytest.mark.parametrize("query", ["", "where=activation == 'relu'", f"show=trials&where={HALF}"])
def test_a_filter_that_keeps_configurations_whole_has_no_such_column(client, query):
    page = client.get(f"/sweeps/made?{query}").text
    assert "each mean is over the repeats" not in page and " of 3</td>" not in page
    assert "all_trials" not in client.get(f"/sweeps/made/table.csv?{query}").text


def test_differences_from_a_baseline_are_those_of_the_store(client, made_database):
    with open_store(made_database) as store:
        label = next(
            row for row in store.compare("made", ["configuration"]) if row["configuration"] == "0000000000000003"
        )
        rows = store.compare("made", ["configuration"], against=label["configuration"])
    row = next(each for each in rows if each["configuration"] == "0000000000000004")
    found = client.get("/api/sweeps/made/configurations", params={"against": "0000000000000003"}).json()
    own = next(each for each in found if each["configuration"] == "0000000000000004")
    assert own["difference"] == row["difference"] and own["pairs"] == row["pairs"]


def test_a_rectangle_on_the_fit_map_selects_the_same_configurations_everywhere(client, made_database):
    box = "-1,0.05,-1,0.05"
    rows = client.get("/api/sweeps/made/configurations", params={"box": box, "limit": 500}).json()
    assert 0 < len(rows) < 22
    assert all(-1 <= row["underfit"] <= 0.05 and -1 <= row["overfit"] <= 0.05 for row in rows)
    trials = client.get("/api/sweeps/made/trials", params={"box": box}).json()
    assert {row["configuration"] for row in trials} == {row["configuration"] for row in rows}
    page = client.get("/sweeps/made", params={"box": box, "show": "trials", "rows": 500}).text
    assert page.count("<tr id=") == len(trials)
    inside = {row["configuration"] for row in rows}
    drawn = client.get("/sweeps/made/charts/fitmap.json", params={"box": box}).json()
    points = {row["configuration"] for rows in drawn["datasets"].values() for row in rows if "configuration" in row}
    assert points == inside
    # On the page, the fit map keeps all points and shows the rectangle.
    drawn = client.get("/sweeps/made/charts/fitmap.json", params={"box": box, "live": 1}).json()
    points = {row["configuration"] for rows in drawn["datasets"].values() for row in rows if "configuration" in row}
    (params,) = (layer["params"] for layer in drawn["layer"] if "params" in layer)
    assert points > inside and params[0]["value"] == {"underfit": [-1, 0.05], "overfit": [-1, 0.05]}


def test_an_empty_rectangle_selects_nothing(client):
    assert client.get("/api/sweeps/made/trials", params={"box": "90,91,90,91"}).json() == []
    assert "Nothing matches" in client.get("/sweeps/made", params={"box": "90,91,90,91"}).text


def test_a_comparison_shows_all_or_only_what_differs(client):
    pins = "0000000000000003,0000000000000004"
    everything = client.get("/sweeps/made/compare", params={"pins": pins}).text
    differing = client.get("/sweeps/made/compare", params={"pins": pins, "differences": 1}).text
    assert ">initializer<" in everything and ">initializer<" not in differing
    assert ">architecture<" in differing and "difference from the baseline" in differing
    refused = client.get("/sweeps/made/compare", params={"pins": "0000000000000003"})
    assert refused.status_code == 422 and "needs 2 to 10 configurations, but 1 pinned one was given" in refused.text
    assert client.get("/sweeps/made/compare", params={"pins": f"{pins},0000000000000999"}).status_code == 404


def test_compared_and_pinned_configurations_are_called_by_the_settings_in_which_they_differ(client):
    page = client.get("/sweeps/made/compare", params={"pins": "0000000000000003,0000000000000004"}).text
    assert '<th scope="col" class="number name">16</th><th scope="col" class="number name">32</th>' in page
    page = client.get("/sweeps/made", params={"pins": "0000000000000003,000000000000000a"}).text
    bar = page[page.index('id="pins"') :]
    assert ">16 · adam 0.0001 ×</a>" in bar and ">32 · adam 0.001 ×</a>" in bar
    assert ">Compare them</a>" in bar and ">Unpin all</a>" in bar
    assert 'aria-label="Pinned configurations" hidden' in client.get("/sweeps/made").text


def test_a_row_leads_to_the_trials_of_its_configuration(client):
    page = client.get("/sweeps/made", params={"where": "e_v < 1", "box": "-9,9,-9,9", "rows": 500}).text
    (link,) = re.findall(r'href="([^"]*)#table-title" aria-label="Trials of configuration 0000000000000004"', page)
    trials = client.get(urljoin("/sweeps/made", link.replace("&amp;", "&"))).text
    assert trials.count("<tr id=") == 3 and trials.count("<code>00000000</code>") == 3


def test_the_table_is_compared_with_the_reference_unless_a_baseline_is_chosen(client, made_database):
    with open_store(made_database) as store:
        reference = store.reference(1)["configuration"]
    found = client.get("/sweeps/made", params={"rows": 500}).text
    assert ">vs baseline<" in found
    row = found[found.index(f'id="row-{reference}"') :]
    assert ">baseline</td>" in row[: row.index("</tr>")]


def test_the_baseline_need_not_be_among_the_selected(client, made_database):
    with open_store(made_database) as store:
        rows = store.compare("made", ["configuration"], against="0000000000000003")
    expected = {row["configuration"]: row["difference"] for row in rows}
    where = "configuration == '0000000000000004'"
    asked = {"where": where, "against": "0000000000000003"}
    (own,) = client.get("/api/sweeps/made/configurations", params=asked).json()
    assert own["difference"] == expected["0000000000000004"] is not None
    pins = {"pins": "0000000000000004,0000000000000008", "against": "0000000000000003"}
    page = client.get("/sweeps/made/compare", params=pins).text
    line = page[page.index("difference from the baseline") :]
    assert f">{expected['0000000000000004']:+.3g} ±".replace("-", "−") in line[: line.index("</tr>")]
