"""Every page is checked with axe-core, and fits a phone."""

import itertools

import pytest
from support.sampling import every

PAGES = (
    "",
    "sweeps/made",
    "sweeps/made?show=trials&where=nothing",
    "sweeps/made?pins=0000000000000003,0000000000000004",
    "sweeps/made/compare?pins=0000000000000003,0000000000000004",
    "sweeps/made/compare",
    "sweeps/made/charts/capacity",
    "sweeps/made/delete",
    "sweeps/made/extend",
    "trials/7",
    "new",
    "api/",
    "login",
    "nothing",
)
SERIOUS = ("serious", "critical")
SHOWN = list(itertools.product(PAGES, (False, True)))


@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("shown", every(14, SHOWN))
def test_there_are_no_serious_findings_and_nothing_is_wider_than_a_phone(shown, visit):
    from axe_playwright_python.sync_playwright import Axe

    path, dark = shown
    guest = visit(width=390, dark=dark)
    guest.open(path)
    guest.until("!document.querySelector('[aria-busy=true]')")
    assert guest.page.evaluate("document.documentElement.scrollWidth") <= 390
    for width in (390, 1280):
        guest.page.set_viewport_size({"width": width, "height": 844})
        found = Axe().run(guest.page).response["violations"]
        serious = [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in SERIOUS]
        assert serious == []
