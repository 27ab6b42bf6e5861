"""All read-only pages: what they show, and what they say when an address is wrong."""

import re
from urllib.parse import urljoin

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
    """In the list of sweeps, on the page of the sweep, in its answer and in JSON."""
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
    """Like the leaderboard in the terminal."""
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


def test_pages_name_no_other_host(client):
    for address in PAGES:
        page = client.get(address).text
        assert 'src="http' not in page and 'href="http' not in page and "<style" not in page and " style=" not in page
        assert "<script>" not in page and " onclick" not in page


def test_links_are_relative_so_that_a_proxy_may_add_a_path(client):
    for address in PAGES:
        page = client.get(address).text
        assert 'href="/' not in page and 'src="/' not in page and 'action="/' not in page


def test_the_table_of_a_large_sweep_comes_after_the_page(client, monkeypatch):
    monkeypatch.setattr("fitgap.runner.web.views.sweep.LATER_FROM", 72)
    page = client.get("/sweeps/made?sort=e_v").text
    assert "data-later>Counting 72 trials" in page and "<tr id=" not in page
    (link,) = re.findall(r'<noscript><a href="([^"]*)">Show the table', page)
    whole = client.get(urljoin("/sweeps/made", link.replace("&amp;", "&"))).text
    later = client.get("/sweeps/made/table?sort=e_v").text
    assert whole.count("<tr id=") == later.count("<tr id=") == 24
    assert "data-later" not in client.get("/sweeps/made?show=trials").text
