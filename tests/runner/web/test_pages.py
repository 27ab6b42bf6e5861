"""Every page for reading: what it shows, and what it says when an address is wrong."""

import re
from urllib.parse import urljoin

import polars as pl
import pytest
from fitgap.runner.store import open_store

PAGES = (
    "/",
    "/sweeps/made",
    "/sweeps/made?show=trials&sort=-e_v&rows=20&page=2",
    "/sweeps/made?where=e_v < 0.3&columns=parameters",
    "/sweeps/made?box=-1,1,-1,1&against=0000000000000003&pins=0000000000000003,0000000000000004",
    "/sweeps/made/answer",
    "/sweeps/made/compare?pins=0000000000000003,0000000000000004",
    "/sweeps/made/compare?pins=0000000000000003,0000000000000004&differences=1&transposed=1&against=0000000000000005",
    "/sweeps/made/table?show=trials",
    "/sweeps/made/charts/fitmap",
    "/trials/7",
    "/trials/1",
    "/login",
    "/api/",
)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_complete(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Undefined" not in answer.text and "{{" not in answer.text


def test_the_first_page_lists_the_sweeps_with_their_state(client):
    page = client.get("/").text
    assert '<a href="./sweeps/made">made</a>' in page and 's-done">done<' in page


def test_the_first_page_shows_the_reference_of_a_trained_sweep(open_page, trained_database):
    with open_store(str(trained_database)) as store:
        reference = store.reference(1)
    page = open_page(trained_database).get("/")
    assert page.status_code == 200
    assert f"{reference['best_e_v']:.3g}</td>" in page.text and f">{reference['architecture']} ·" in page.text


@pytest.mark.parametrize(
    "address", ["/sweeps/1", "/sweeps/1?show=trials", "/sweeps/1/answer", "/trials/1", "/sweeps/1/extend"]
)
def test_pages_of_a_trained_sweep_are_complete(open_page, trained_database, address):
    assert open_page(trained_database).get(address).status_code == 200


def test_pruned_trials_are_counted_and_not_concluded_from(open_page, invoke):
    """On the list, on the page of the sweep, in its answer and in JSON."""
    rates = ("--optimizer", "adam:rate=1e-6", "--optimizer", "adam:rate=1e-7", "--optimizer", "adam:rate=1e-8")
    run = ("run", "--data", "iris", "--hidden", "2", "--epochs", "4", *rates, "--halving", "first=2")
    assert invoke(*run, "--engine", "local").code == 0
    page = open_page("fitgap.db")
    assert '<td class="number">3, 2 pruned</td>' in page.get("/").text
    assert "3 of 3 trials (1 completed, 2 pruned)" in page.get("/sweeps/iris").text
    answer = page.get("/sweeps/iris/answer").text
    assert "2 of 3 configurations were pruned at rungs and not judged" in answer
    assert "no configuration that was trained to its end is" in answer
    assert "those that were pruned were not compared with it" in answer and "no configuration is" not in answer
    configurations, trials = (page.get(f"/sweeps/iris/table?show={each}").text for each in ("configurations", "trials"))
    assert configurations.count('<span class="state s-pruned">pruned</span>') == 2
    assert len(re.findall(r'<td>pruned</td>\s*<td class="number">2</td>\s*<td class="number">[23]</td>', trials)) == 2
    whole = page.get("/sweeps/iris").text
    assert 'data-kind="importance"' not in whole, "one completed trial has nothing to compare"
    assert 'data-kind="fitmap"' in whole
    groups = page.get("/api/sweeps/iris/compare", params={"by": "optimizer"}).json()
    assert sorted(group["pruned_trials"] for group in groups) == [0, 1, 1]


def test_the_table_of_a_sweep_with_rounds_says_what_it_is_ordered_by(open_page, invoke):
    """As the leaderboard in the terminal."""
    run = ("run", "--data", "iris", "--hidden", "2", "--epochs", "1", "--repeats", "from=1,to=2", "--engine", "local")
    assert ", by repeats and honest E_v at the best epoch\n" in invoke(*run).out
    page = open_page("fitgap.db")
    assert ", by repeats and honest E_v at the best epoch, averaged" in page.get("/sweeps/iris").text
    assert ", by repeats and" not in page.get("/sweeps/iris?sort=e_v").text


def test_a_sweep_with_results_has_all_charts(client):
    kinds = re.findall('data-kind="([a-z]+)"', client.get("/sweeps/made").text)
    assert kinds == ["fitmap", "curves", "capacity", "importance"]


def test_commands_in_an_answer_are_code(open_page, invoke):
    words = ("run", "--data", "xor", "--hidden", "2", "--repeats", "2", "--epochs", "2", "--max-trials", "1")
    invoke(*words, "--engine", "local")
    answer = open_page("fitgap.db").get("/sweeps/xor/answer").text
    assert "(<code>fitgap resume xor</code> trains the rest)" in answer and "`" not in answer


def test_the_list_of_sweeps_can_be_filtered_by_name(client):
    assert "No sweep matches" in client.get("/", params={"name": "other"}).text
    assert "sweeps/made" in client.get("/", params={"name": "MAD"}).text


def test_the_newest_sweep_has_an_address_of_its_own(client):
    answer = client.get("/sweeps/latest")
    assert (answer.status_code, answer.headers["location"]) == (302, "made")


def test_the_table_has_the_rows_of_the_store_in_their_order(client, made_database):
    with open_store(made_database) as store:
        expected = [row["trial"] for row in store.trials("made", sort="-e_v", limit=20, offset=20, where="e_v > 0.2")]
    page = client.get(
        "/sweeps/made", params={"show": "trials", "sort": "-e_v", "rows": 20, "page": 2, "where": "e_v > 0.2"}
    )
    places = [page.text.index(f'id="row-{number}"') for number in expected]
    assert places == sorted(places) and page.text.count("<tr id=") == len(expected) == 20


def test_a_wrong_filter_is_shown_below_its_field_with_the_nearest_name(client):
    answer = client.get("/sweeps/made", params={"where": "activatio == 'relu'"})
    assert answer.status_code == 422
    assert 'aria-invalid="true" aria-describedby="filter-error"' in answer.text
    assert "did you mean &#39;activation&#39;?" in answer.text and "^^^^^^^^^" in answer.text


def test_a_wrong_order_and_a_wrong_column_name_the_nearest(client):
    assert "did you mean &#39;overfit&#39;?" in client.get("/sweeps/made", params={"sort": "overfitt"}).text
    assert "did you mean &#39;seconds&#39;?" in client.get("/sweeps/made", params={"columns": "second"}).text


@pytest.mark.parametrize(
    ("address", "status", "advice"),
    [
        ("/sweeps/mad", 404, "did you mean"),
        ("/trials/7000", 404, "the highest number is 72"),
        ("/trials/seven", 404, "trials have numbers"),
        ("/nothing", 404, "There is no such page"),
        ("/sweeps/made?page=0", 422, "page must be a whole number"),
        ("/sweeps/made?box=1,2", 422, "box must be four numbers"),
        ("/sweeps/made?show=trails", 422, "trials"),
        ("/sweeps/made/charts/fitmab", 404, "fitmap"),
        ("/sweeps/made/charts/fitmap.gif", 404, "svg"),
        ("/sweeps/made/charts/fitmap.svg?theme=red", 422, "light"),
        ("/sweeps/made/charts/activation.svg?where=trial < 0", 422, "made"),
        ("/sweeps/made/table.xlsx", 404, "csv"),
        ("/static/secret.css", 404, "no such file"),
        ("/static/..%2f..%2fpyproject.toml", 404, "no such"),
    ],
)
def test_a_wrong_address_says_what_to_do(client, address, status, advice):
    answer = client.get(address)
    assert answer.status_code == status and advice in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("address", "back"),
    [
        ("/?page=-1", None),
        ("/sweeps/made?page=-1", "../sweeps/made"),
        ("/sweeps/made/compare?pins=0000000000000003", "../../sweeps/made?pins=0000000000000003"),
        ("/sweeps/made/charts/fitmap.svg?theme=red", "../../../sweeps/made"),
        ("/sweeps/none/answer", None),
        ("/trials/7000", None),
    ],
)
def test_a_refusal_looks_like_the_other_pages_and_leads_back(client, address, back):
    page = client.get(address).text
    assert '<nav aria-label="Pages">' in page and ">All sweeps</a>" in page
    assert (f'href="{back}">Back to made<' in page) if back else "Back to" not in page


def test_a_page_beyond_the_last_says_so(client):
    assert "There is no page 9; the last one is 1." in client.get("/sweeps/made?page=9").text


def test_sorting_pinning_and_the_baseline_are_links_that_keep_the_rest(client):
    page = client.get("/sweeps/made", params={"where": "e_v < 1", "sort": "e_v"}).text
    assert "where=e_v+%3C+1&amp;sort=-e_v" in page
    assert "where=e_v+%3C+1&amp;sort=e_v&amp;against=" in page and "&amp;sort=e_v&amp;pins=" in page
    assert 'aria-sort="ascending"' in page


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


def test_pages_name_no_other_host(client):
    for address in PAGES:
        page = client.get(address).text
        assert 'src="http' not in page and 'href="http' not in page and "<style" not in page and " style=" not in page
        assert "<script>" not in page and " onclick" not in page


def test_links_are_relative_so_that_a_proxy_may_add_a_path(client):
    for address in PAGES:
        page = client.get(address).text
        assert 'href="/' not in page and 'src="/' not in page and 'action="/' not in page


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


def test_the_table_of_a_large_sweep_comes_after_the_page(client, monkeypatch):
    monkeypatch.setattr("fitgap.runner.web.views.sweep.LATER_FROM", 72)
    page = client.get("/sweeps/made?sort=e_v").text
    assert "data-later>Counting 72 trials" in page and "<tr id=" not in page
    (link,) = re.findall(r'<noscript><a href="([^"]*)">Show the table', page)
    whole = client.get(urljoin("/sweeps/made", link.replace("&amp;", "&"))).text
    later = client.get("/sweeps/made/table?sort=e_v").text
    assert whole.count("<tr id=") == later.count("<tr id=") == 24
    assert "data-later" not in client.get("/sweeps/made?show=trials").text


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
