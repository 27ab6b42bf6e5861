"""The tasks that people do on the page, in a browser: with mouse or keyboard, wide or narrow, light or dark."""

import itertools
import json
import sqlite3
from contextlib import closing

import pytest
from fitgap.runner.store import open_store
from support.sampling import at_night
from support.web.chart_tasks import select_on_the_fit_map, zoom_into_a_chart

LABEL_OF_FIT_MAP = "(document.querySelector('[data-kind=fitmap] svg')?.getAttribute('aria-label') || '')"


def find_the_best_configuration(visit):
    visit.open("")
    visit.press(visit.page.get_by_role("link", name="made", exact=True))
    first = visit.page.locator("table.results tbody tr").first
    first.wait_for()
    with open_store(str(visit.site.database)) as store:
        best = store.leaderboard(1, ["architecture"], 1)[0]
    assert first.get_attribute("data-key") == best["configuration"]


def mend_a_wrong_filter(visit):
    visit.open("sweeps/made")
    field = visit.page.get_by_label("Filter", exact=True)
    visit.write(field, "activatio == 'relu'")
    visit.page.keyboard.press("Enter")
    error = visit.page.get_by_role("alert")
    error.wait_for()
    assert "did you mean 'activation'" in error.inner_text()
    field = visit.page.get_by_label("Filter", exact=True)
    assert field.get_attribute("aria-invalid") == "true"
    visit.write(field, "e_v < 0.25")
    visit.page.keyboard.press("Enter")
    visit.page.get_by_text("configurations selected").wait_for()
    assert "where=e_v+%3C+0.25" in visit.page.url


def sort_by_a_column(visit):
    visit.open("sweeps/made?show=trials")
    visit.press(visit.page.get_by_role("columnheader", name="E_v", exact=True).get_by_role("link"))
    visit.until("document.querySelector('th[aria-sort=ascending]')?.textContent.trim() === 'E_v'")
    visit.press(visit.page.get_by_role("columnheader", name="E_v", exact=True).get_by_role("link"))
    visit.until("document.querySelector('th[aria-sort=descending]')?.textContent.trim() === 'E_v'")
    with open_store(str(visit.site.database)) as store:
        worst = store.trials("made", sort="-e_v", limit=1)[0]["trial"]
    assert visit.page.locator("table.results tbody tr").first.get_attribute("data-key") == str(worst)


def turn_pages(visit):
    visit.open("sweeps/made?show=trials&rows=20")
    visit.press(visit.page.get_by_role("link", name="Next"))
    visit.page.get_by_text("page 2 of 4").wait_for()
    assert visit.page.locator("table.results tbody tr").first.get_attribute("data-key") == "21"
    visit.page.go_back()
    visit.page.get_by_text("page 1 of 4").wait_for()


def pin_two_and_compare_them(visit):
    visit.open("sweeps/made")
    for number in (0, 1):
        key = visit.page.locator("table.results tbody tr").nth(number).get_attribute("data-key")
        visit.press(visit.page.get_by_role("link", name=f"Pin configuration {key}", exact=True))
        visit.page.locator(f"#row-{key}.pinned").wait_for()
    visit.press(visit.page.get_by_role("link", name="Compare them"))
    visit.page.get_by_role("heading", name="Compare 2 configurations").wait_for()
    visit.press(visit.page.get_by_role("link", name="Show only differences"))
    visit.page.get_by_role("link", name="Show all properties").wait_for()


def choose_a_baseline(visit):
    visit.open("sweeps/made")
    key = visit.page.locator("table.results tbody tr").nth(1).get_attribute("data-key")
    visit.press(visit.page.get_by_role("link", name=f"Use configuration {key} as baseline"))
    visit.page.get_by_text("Without baseline").wait_for()
    assert "baseline" in visit.page.locator(f"#row-{key}").inner_text()
    assert f"against={key}" in visit.page.url
    # The charts are redrawn too.
    visit.page.locator("[data-kind=fitmap]").scroll_into_view_if_needed()
    visit.until(f"{LABEL_OF_FIT_MAP}.includes('Ring: the baseline')")


def read_the_advice_for_a_trial(visit):
    visit.open("sweeps/made?show=trials")
    visit.press(visit.page.get_by_role("link", name="7", exact=True))
    visit.page.get_by_role("heading", name="Trial 7").wait_for()
    assert "fitgap replay 7" in visit.page.locator("main").inner_text()
    visit.until("document.querySelector('[data-kind=curves] .drawing svg')")


def label_a_sweep(visit):
    visit.open("sweeps/made")
    visit.press(visit.page.get_by_text("Tags, note, name, delete"))
    visit.write(visit.page.get_by_label("Tag", exact=True), "nice")
    visit.page.keyboard.press("Enter")
    visit.page.get_by_role("link", name="nice", exact=True).wait_for()
    with open_store(str(visit.site.database)) as store:
        assert store.labels(["made"])[0]["tags"] == ["nice"]
    visit.press(visit.page.get_by_text("Tags, note, name, delete"))
    visit.press(visit.page.get_by_role("button", name="Remove"))
    visit.page.get_by_role("link", name="nice", exact=True).wait_for(state="detached")


def plan_a_sweep_in_the_form(visit):
    visit.open("new")
    visit.write(visit.page.get_by_label("Hidden layers, one alternative per line"), "4x")
    visit.press(visit.page.get_by_role("button", name="Check first").first)
    visit.page.get_by_role("alert").wait_for()
    visit.write(visit.page.get_by_label("Hidden layers, one alternative per line"), "4")
    visit.press(visit.page.get_by_role("button", name="Check first").first)
    visit.page.get_by_role("status").get_by_text("4 configurations").wait_for()


def watch_a_sweep_that_trains(visit):
    """A row changes while the page is open; scroll position and filter stay."""
    visit.open("sweeps/busy?show=trials&where=repeat+>+0")
    visit.page.get_by_text("running", exact=True).first.wait_for()
    visit.page.evaluate("window.scrollTo(0, 300)")
    visit.page.wait_for_timeout(4000)
    with closing(sqlite3.connect(visit.site.database, timeout=30)) as connection, connection:
        # Other tests may have added sweeps in the meantime.
        last = (
            "SELECT max(id) FROM trial WHERE status = 'pending' AND sweep_id = "
            "(SELECT id FROM sweep WHERE name = 'busy')"
        )
        (number,) = connection.execute(last).fetchone()
        connection.execute("UPDATE trial SET status = 'cancelled' WHERE id = ?", (number,))
        connection.execute("UPDATE sweep SET note = coalesce(note, '') || '.' WHERE name = 'busy'")
    visit.until("document.querySelector('#progress').textContent.includes('cancelled')")
    assert visit.page.evaluate("window.scrollY") == 300
    assert visit.page.get_by_label("Filter", exact=True).input_value() == "repeat > 0"


def watch_a_trial_that_trains(visit):
    visit.open("sweeps/busy?show=trials&where=status+%3D%3D+'running'")
    visit.press(visit.page.locator("table.results tbody th a").first)
    visit.until("/training: [1-9]/.test(document.querySelector('#trained')?.textContent)")
    before = visit.page.locator("#trained").inner_text()
    visit.until(f"document.querySelector('#trained').textContent !== {json.dumps(before)}")
    visit.until("document.querySelector('[data-kind=curves] .drawing svg')")


def see_what_can_be_paused(visit):
    visit.open("sweeps/busy")
    assert visit.page.get_by_role("button", name="Pause").is_visible()
    assert visit.page.get_by_role("button", name="Cancel the rest").is_visible()


def download_what_is_shown(visit):
    visit.open("sweeps/made?show=trials&where=e_v+>+0.25")
    with visit.page.expect_download() as download:
        visit.press(visit.page.get_by_role("link", name="CSV", exact=True))
    lines = download.value.path().read_text().splitlines()
    with open_store(str(visit.site.database)) as store:
        assert len(lines) == 1 + store.count_trials("made", "e_v > 0.25")


def come_back_by_a_bookmark(visit):
    visit.open("sweeps/made?show=trials&where=repeat+%3D%3D+1&sort=-e_v&rows=20&columns=parameters")
    before = visit.page.locator("table.results").inner_text()
    visit.page.reload()
    assert visit.page.locator("table.results").inner_text() == before
    assert visit.page.get_by_label("Filter", exact=True).input_value() == "repeat == 1"


def decide_not_to_delete(visit):
    visit.open("sweeps/made/delete")
    visit.write(visit.page.get_by_label("To confirm, type the name of the sweep"), "mad")
    visit.press(visit.page.get_by_role("button", name="Delete"))
    visit.page.get_by_role("heading", name="Not valid").wait_for()
    visit.open("sweeps/made/delete")
    visit.press(visit.page.get_by_role("link", name="Keep it"))
    visit.page.get_by_role("heading", name="made", exact=True).wait_for()


TASKS = (
    find_the_best_configuration,
    mend_a_wrong_filter,
    sort_by_a_column,
    turn_pages,
    select_on_the_fit_map,
    pin_two_and_compare_them,
    choose_a_baseline,
    read_the_advice_for_a_trial,
    label_a_sweep,
    plan_a_sweep_in_the_form,
    watch_a_sweep_that_trains,
    zoom_into_a_chart,
    watch_a_trial_that_trains,
    see_what_can_be_paused,
    download_what_is_shown,
    come_back_by_a_bookmark,
    decide_not_to_delete,
)
WAYS = [
    {"width": width, "keyboard": keyboard, "dark": dark}
    for width, keyboard, dark in itertools.product((1280, 390), (False, True), (False, True))
]


# Waits until a chart is redrawn, which takes seconds, and minutes on a busy page.
AT_NIGHT = (zoom_into_a_chart,)


def cases():
    """Per commit, every fifth task in one way; at night, all tasks in every way."""
    for number, task in enumerate(TASKS):
        for place, way in enumerate(WAYS):
            words = [str(way["width"]), "keyboard" if way["keyboard"] else "mouse", "dark" if way["dark"] else "light"]
            name = f"{task.__name__}-{'-'.join(words)}"
            chosen = number % 5 == 0 and place == number % len(WAYS) and task not in AT_NIGHT
            yield pytest.param(task, way, id=name) if chosen else at_night(task, way, id=name)


@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize(("task", "way"), list(cases()))
def test_people_can(task, way, visit):
    task(visit(**way))


BELOW_A_PATH = [
    at_night(find_the_best_configuration),
    at_night(mend_a_wrong_filter),
    at_night(pin_two_and_compare_them),
    at_night(read_the_advice_for_a_trial),
    at_night(plan_a_sweep_in_the_form),
    at_night(watch_a_sweep_that_trains),
    at_night(download_what_is_shown),
    pytest.param(label_a_sweep),
]


@pytest.mark.nightly
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("task", BELOW_A_PATH)
def test_people_can_do_the_same_behind_a_proxy(task, visit, site_below_a_path):
    task(visit(at=site_below_a_path))
