"""Tasks with the charts on the page, in a browser; `tests/web/test_tasks.py` runs them."""

import json
import sqlite3
from contextlib import closing

# Milliseconds within which charts are redrawn; on a busy machine, they wait longer.
LONGEST_PAUSE = 300_000
NUMBERS = "[...document.querySelectorAll('[data-kind=fitmap] .role-axis-label text')].map(each => each.textContent)"
NUMBERS_ON_FIT_MAP = f"{NUMBERS}.sort().join(' ')"


def select_on_the_fit_map(visit):
    """Make a selection with the mouse, or with the keyboard by its address."""
    if visit.keyboard:
        visit.open("sweeps/made?box=-0.2,0.01,-0.2,0.2")
    else:
        visit.open("sweeps/made")
        # On a phone, the chart may be far down the page; charts are drawn only when they come near the visible part.
        visit.page.locator("[data-kind=fitmap]").scroll_into_view_if_needed()
        visit.until("document.querySelectorAll('[data-kind=fitmap] .mark-symbol path').length > 5")
        picture = visit.page.locator("[data-kind=fitmap] svg").first
        picture.scroll_into_view_if_needed()
        visit.page.wait_for_timeout(500)
        frame = picture.bounding_box()
        place = [
            (frame["x"] + frame["width"] * x, frame["y"] + frame["height"] * y)
            for x, y in ((0.2, 0.35), (0.3, 0.5), (0.5, 0.7))
        ]
        visit.page.mouse.move(*place[0])
        visit.page.mouse.down()
        for point in place[1:]:
            visit.page.mouse.move(*point, steps=4)
        visit.page.mouse.up()
        visit.until("new URLSearchParams(location.search).get('box')")
    visit.page.get_by_text("Selected on the fit map").wait_for()
    visit.press(visit.page.get_by_role("link", name="Clear the selection"))
    visit.until("!new URLSearchParams(location.search).get('box')")


def zoom_into_a_chart(visit):
    """The zoom is kept when the chart is redrawn because something has changed."""
    visit.open("sweeps/made")
    figure = visit.page.locator("[data-kind=fitmap]")
    figure.scroll_into_view_if_needed()
    visit.until("document.querySelector('[data-kind=fitmap] .zoom button')")
    whole = numbers_on(figure)
    visit.press(figure.get_by_role("button", name="Zoom in"))
    visit.until(f"{NUMBERS_ON_FIT_MAP} !== {json.dumps(whole)}")
    zoomed = numbers_on(figure)
    place = visit.page.evaluate("window.scrollY")
    # The page does not listen for changes until its text has loaded.
    visit.page.wait_for_timeout(3000)
    database = sqlite3.connect(visit.site.database, timeout=30)
    with visit.page.expect_response(is_fit_map, timeout=LONGEST_PAUSE), closing(database), database:
        database.execute("UPDATE sweep SET note = coalesce(note, '') || '.' WHERE name = 'made'")
    visit.page.wait_for_timeout(1500)
    assert numbers_on(figure) == zoomed and visit.page.evaluate("window.scrollY") == place
    visit.press(figure.get_by_role("button", name="Whole chart"))
    visit.until(f"{NUMBERS_ON_FIT_MAP} === {json.dumps(whole)}")


def is_fit_map(response):
    return "fitmap.json" in response.url


def numbers_on(figure):
    """The numbers along the axes of a chart, as one text."""
    return " ".join(sorted(figure.locator(".role-axis-label text").all_text_contents()))
