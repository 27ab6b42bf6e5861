"""Hostile text in the database and in addresses is shown as text, or leads nowhere."""

import itertools
import re
import sqlite3
from contextlib import closing

import pytest
from fitgap.runner.store import open_store_for_writing
from support.charts.made_sweeps import Made, make
from support.sampling import steps
from support.web.raw_requests import raw_answers

# These tests share slow fixtures, so they run in one worker.
pytestmark = pytest.mark.xdist_group("security of the page")


PARTS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'><b>",
    "{{1337*1337}}",
    "{% raw %}",
    "</title><script>",
    "</textarea><script>",
    "javascript:alert(1)",
    "<!--",
    "]]>",
    "&lt;script&gt;",
    "\u202e<script>",
    "%3Cscript%3E",
    "<iframe srcdoc='x'>",
    "<a href=javascript:x>",
    "\x1b[31mred",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(1)",
)
ENDS = (
    "",
    " ",
    '" autofocus onfocus=alert(1) x="',
    "' onmouseover='alert(1)",
    "</pre>",
    "\n",
    "</script>",
    "`",
    "\\",
    "-->",
)
PAYLOADS = [part + end for part in PARTS for end in ENDS]


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    """A sweep whose names, notes, tags, settings and errors are attacks."""
    path = tmp_path_factory.mktemp("attacked") / "attacked.db"
    make(str(path), Made(configurations=len(PAYLOADS), repeats=1, text=PARTS[0]))
    with closing(sqlite3.connect(path)) as connection, connection:
        for number, payload in enumerate(PAYLOADS, start=1):
            connection.execute("UPDATE trial SET note = ?, reason = ? WHERE id = ?", (payload, payload, number))
            connection.execute("UPDATE configuration SET regularizer = ? WHERE id = ?", (payload, number))
            connection.execute("INSERT INTO trial_tag (trial_id, tag) VALUES (?, ?)", (number, payload))
        connection.execute("UPDATE sweep SET name = ?, note = ?", (PARTS[0], "".join(PARTS)))
        connection.execute("INSERT INTO sweep_tag (sweep_id, tag) VALUES (1, ?)", (PARTS[1],))
    return path


ELEMENTS = (
    "<script>alert",
    "<img src=x",
    "<svg onload",
    "<iframe",
    "<b>",
    "<a href=javascript",
    "</title><script",
    "1787569",
)
# Fields contain what was entered, even characters that change the text direction.
FIELDS = re.compile(r"<textarea[^>]*>.*?</textarea>|value=\"[^\"]*\"", re.DOTALL)


def raw(text):
    """The attacker's elements and handlers that a browser would run, and characters that change the text direction."""
    found = [bad for bad in ELEMENTS if bad in text.lower()]
    return found + ["\u202e"] * ("\u202e" in FIELDS.sub("", text))


@pytest.mark.parametrize("step", steps(4))
def test_200_attacks_are_shown_as_text(step, open_page, attacked):
    assert len(PAYLOADS) == 200
    client = open_page(attacked)
    pages = [
        "/",
        "/sweeps/1",
        "/sweeps/1?show=trials&columns=note,tags,reason,regularizer&rows=500",
        "/sweeps/1/answer",
        "/sweeps/1/charts/heat",
    ]
    for address in [*pages, *(f"/trials/{number}" for number in range(1, 201, 7 * step))]:
        answer = client.get(address)
        assert answer.status_code == 200 and raw(answer.text) == [], address


PLACES = [
    ("/", "name"),
    ("/", "tag"),
    *(("/sweeps/made", name) for name in ("where", "sort", "columns", "pins", "show")),
]
IN_ADDRESSES = list(itertools.product(PAYLOADS[::9], PLACES))


# Per commit, each payload is tried in one place or two, and every place gets some.
@pytest.mark.parametrize("step", steps(5))
def test_attacks_in_addresses_are_shown_as_text(step, open_page, made_database):
    client = open_page(made_database)
    for payload, (address, name) in IN_ADDRESSES[::step]:
        answer = client.get(address, params={name: payload})
        assert answer.status_code in (200, 422) and raw(answer.text) == [], (address, name, payload)


def test_formulas_in_downloads_are_text(open_page, attacked):
    lines = open_page(attacked).get("/sweeps/1/table.csv", params={"show": "trials", "columns": "note"}).text
    assert "'=cmd" in lines and "'@SUM" in lines


ROOTS = ("../", "..%2f", "%2e%2e/", "....//", "..;/", "..\\", "%252e%252e%252f", "/etc/", "\x00", "#", "~/", "C:\\")
TARGETS = ("etc/passwd", "pyproject.toml", "fitgap.db", "templates/base.html", "settings.py", ".env", "page.js%00.png")
TRAVERSALS = [root * depth + target for root in ROOTS for depth in (1, 2, 3, 5, 8, 13) for target in TARGETS]


@pytest.mark.parametrize("step", steps(5))
def test_500_traversals_lead_nowhere(step, open_page, made_database):
    assert len(TRAVERSALS) > 500
    client = open_page(made_database)
    requests = [
        ("GET", address, {})
        for text in TRAVERSALS[::step]
        for address in (f"/static/{text}", f"/sweeps/{text}", f"/trials/{text}/epochs.csv")
    ]
    for request, (status, _) in zip(requests, raw_answers(client.app, requests), strict=True):
        assert status in (400, 404, 422), request


def test_a_sweep_with_an_odd_name_is_linked_by_its_number(open_page, attacked):
    with open_store_for_writing(str(attacked)) as store:
        assert store.sweeps()[0]["name"] == PARTS[0]
    assert 'href="./sweeps/1"' in open_page(attacked).get("/").text
