"""Pages of large sweeps take less CPU time than reading the rows of the sweep once."""

import time

import pytest
from fitgap.runner.store import open_store
from support.charts.made_sweeps import Made, make

# These tests share slow fixtures, so they run in one worker.
pytestmark = pytest.mark.xdist_group("speed of the page")

CONFIGURATIONS, REPEATS = 3_334, 3
# A check for changes, as a share of reading all trials; 0.005 was measured. Pages and tables take 0.1 to 0.3.
LOOK = 0.05


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "large.db"
    make(str(path), Made(configurations=CONFIGURATIONS, repeats=REPEATS, diverging=17))
    return path


def seconds(act):
    """The CPU time of a call: the minimum of three calls, after one that fills caches."""
    found = []
    for _ in range(4):
        began = time.process_time()
        act()
        found.append(time.process_time() - began)
    return min(found[1:])


@pytest.fixture(scope="module")
def reading(large):
    """The CPU time of reading all trials of the sweep, on this machine at this moment."""
    with open_store(str(large)) as store:
        return seconds(lambda: store.trials("made"))


def get(client, address):
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("address", ["/", "/sweeps/made", "/sweeps/made?show=trials", "/trials/5000"])
def test_a_page_over_10000_trials_does_not_take_as_long_as_reading_them(open_page, large, reading, address):
    client = open_page(large)
    assert seconds(lambda: get(client, address)) < reading


@pytest.mark.parametrize(
    "query",
    ["sort=-e_v", "where=e_v < 0.3", "show=trials&sort=-overfit", "show=trials&where=activation == 'relu'&sort=e_t"],
)
def test_sorting_and_filtering_a_table_over_10000_trials_does_not_either(open_page, large, reading, query):
    client = open_page(large)
    assert seconds(lambda: get(client, f"/sweeps/made/table?{query}")) < reading


def test_a_look_for_changes_costs_little(large, reading):
    """A stream checks once a second; nothing is computed unless something has changed."""
    with open_store(str(large)) as store:
        assert seconds(lambda: [store.state(1) for _ in range(10)]) / 10 < LOOK * reading
