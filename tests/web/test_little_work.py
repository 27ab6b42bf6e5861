"""An open page uses few resources: a hidden page does no work, and charts are drawn only where they are visible."""

import pytest

pytestmark = [pytest.mark.nightly, pytest.mark.xdist_group("browser")]

# What a browser reports to a page that is hidden behind another one.
HIDE = """hidden => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
# What the page does with its charts when a trial has ended.
AGAIN = 'import("/static/charts.js").then((charts) => charts.redraw({ later: true }))'


def events_of(guest):
    """The event streams that a page has requested so far."""
    return [url for url in guest.requests if "/events?" in url]


def test_a_hidden_page_listens_again_once_it_is_seen(visit):
    guest = visit()
    guest.open("sweeps/made")
    guest.until("document.querySelector('[data-kind=fitmap] svg') !== null")
    while not events_of(guest):
        guest.page.wait_for_timeout(100)
    with guest.page.expect_event("requestfailed", lambda request: "/events?" in request.url):
        guest.page.evaluate(HIDE, True)
    assert len(events_of(guest)) == 1
    with guest.page.expect_request("**/events?*"):
        guest.page.evaluate(HIDE, False)
    assert len(events_of(guest)) == 2


def test_charts_that_are_not_seen_are_drawn_again_when_they_are(visit):
    guest = visit()
    guest.page.clock.install()
    guest.open("sweeps/made")
    guest.until("document.querySelector('[data-kind=fitmap] svg') !== null")
    guest.until("document.querySelector('[data-kind=curves] svg') !== null")
    # Far below the fit map.
    guest.page.locator("#table-title").scroll_into_view_if_needed()
    guest.page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    guest.until("document.querySelector('[data-kind=importance] svg') !== null")
    guest.page.wait_for_timeout(500)
    asked = len(guest.requests)
    guest.page.evaluate(AGAIN)
    # The pause depends on how long drawing took, but is never longer than this.
    guest.page.clock.fast_forward(301_000)
    guest.page.wait_for_timeout(1000)
    assert not any("fitmap.json" in url for url in guest.requests[asked:])
    with guest.page.expect_request("**/fitmap.json?*"):
        guest.page.locator("[data-kind=fitmap]").scroll_into_view_if_needed()


def test_charts_are_asked_for_again_only_if_the_view_changes_what_they_show(visit):
    guest = visit()
    guest.open("sweeps/made")
    for kind in ("fitmap", "curves"):
        guest.until(f"document.querySelector('[data-kind={kind}] svg') !== null")
    guest.page.wait_for_load_state("networkidle")
    asked = len(guest.requests)
    guest.page.locator("th a", has_text="E_t").first.click()
    guest.until("new URL(location).searchParams.has('sort')")
    guest.page.wait_for_timeout(1000)
    assert not any("/charts/" in url for url in guest.requests[asked:])
    guest.page.locator("input[name=where]").fill("repeat == 1")
    with guest.page.expect_request("**/charts/fitmap.json?*where=*"):
        guest.page.locator("input[name=where]").press("Enter")
