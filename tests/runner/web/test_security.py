"""Who may ask: every route and method with a wrong Host, Origin, Sec-Fetch-Site or token, and texts that attack."""

import contextlib
import itertools
import re
import sqlite3
from urllib.parse import unquote

import anyio
import pytest
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.web.routes import ROUTES
from fitgap.runner.web.security import HEADERS
from support.charts.made_sweeps import Made, make
from support.sampling import steps

# They share what takes long to make.
pytestmark = pytest.mark.xdist_group("security of the page")

TOKEN = "correct-horse-battery"
HOST = "127.0.0.1:8640"
BASE = f"http://{HOST}"
FILLED = {
    "sweep": "made",
    "trial": "7",
    "ending": "csv",
    "chart": "fitmap.svg",
    "name": "page.js",
    "rest:path": "x",
    "action": "note",
}
ADDRESSES = sorted({route.path for route in ROUTES})
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW")
BAD_HOSTS = (
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "169.254.169.254",
    "user@localhost",
    "",
    "[::2]",
    "local host",
)
BAD_HEADERS = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:9999"},
    {"Origin": "http://127.0.0.1.evil.example:8640"},
    {"Origin": "file://127.0.0.1:8640"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "nonsense"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8640"},
]


def filled(path):
    for name, value in FILLED.items():
        path = path.replace("{" + name + "}", value)
    return path


@pytest.fixture
def content(tmp_path):
    """A database of its own, and all of its rows as text."""
    path = tmp_path / "own.db"
    make(str(path), Made(configurations=6, repeats=1))

    return path, lambda: rows_of(path)


def rows_of(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump())


def test_every_route_was_filled_in():
    assert not [path for path in ADDRESSES if "{" in filled(path)]


def test_every_route_and_method_refuses_other_websites_and_changes_nothing(open_page, content):
    path, rows = content
    client, before = open_page(path), rows()
    bad = [*BAD_HEADERS, *({"Host": host} for host in BAD_HOSTS)]
    requests = list(itertools.product(METHODS, map(filled, ADDRESSES), bad))
    for request, (status, _) in zip(requests, raw_answers(client.app, requests), strict=True):
        assert 400 <= status < 500, request
    assert rows() == before


def test_every_route_asks_for_the_token(open_page, content):
    path, rows = content
    client, before = open_page(path, token=TOKEN), rows()
    wrong = [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": TOKEN},
        {"Cookie": "fitgap_12345678=x"},
        {"Authorization": "Basic " + TOKEN},
    ]
    requests = [
        (method, address, {"Origin": BASE, **headers})
        for method, address, headers in itertools.product(("GET", "HEAD", "POST"), map(filled, ADDRESSES), wrong)
        if (method, address) not in (("GET", "/login"), ("HEAD", "/login"))
    ]
    for request, (status, text) in zip(requests, raw_answers(client.app, requests), strict=True):
        assert status in (401, 405) and TOKEN not in text, request
    assert rows() == before


@pytest.mark.parametrize("method", METHODS[3:])
def test_methods_that_are_not_used_are_refused(client, method):
    for address in map(filled, ADDRESSES):
        assert client.request(method, address).status_code == 405


@pytest.fixture(scope="module")
def read(open_page, tmp_path_factory):
    """The answers to reading every address, and the rows of the database before and after."""
    path = tmp_path_factory.mktemp("read") / "own.db"
    make(str(path), Made(configurations=6, repeats=1))
    client, before = open_page(path), rows_of(path)
    addresses = [address for address in [*map(filled, ADDRESSES), "/nothing"] if not address.endswith("/events")]
    return {address: client.get(address) for address in addresses}, before, rows_of(path)


def test_reading_never_writes(read):
    _, before, after = read
    assert before == after


@pytest.mark.parametrize("host", ["localhost", "localhost:9000", "127.0.0.1:1", "[::1]:8640", "LOCALHOST:80"])
def test_this_machine_is_answered_at_any_port_as_behind_ssh(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 200


def test_a_refused_host_names_the_option_that_allows_it(open_page, made_database):
    answer = open_page(made_database).get("/", headers={"Host": "lab.example:80"})
    assert answer.status_code == 400 and "--allow-host lab.example" in answer.text
    client = open_page(made_database, hosts=("lab.example",), token=TOKEN)
    headers = {"Host": "lab.example", "Authorization": f"Bearer {TOKEN}"}
    assert client.get("/", headers=headers).status_code == 200


def test_a_login_sets_a_cookie_that_scripts_and_other_sites_cannot_use(open_page, made_database):
    client = open_page(made_database, token=TOKEN)
    origin = {"Origin": "http://127.0.0.1:8640"}
    assert client.get("/").status_code == 401
    wrong = client.post("/login", data={"token": "wrong-token"}, headers=origin)
    assert wrong.status_code == 401 and "set-cookie" not in wrong.headers
    answer = client.post("/login", data={"token": TOKEN}, headers=origin)
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 303 and answer.headers["location"] == "./"
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and TOKEN not in cookie
    assert client.get("/").status_code == 200
    # It ends with the page.
    again = open_page(made_database, token=TOKEN)
    again.cookies = client.cookies
    assert again.get("/").status_code == 401


def test_a_login_from_another_website_is_refused(open_page, made_database):
    client = open_page(made_database, token=TOKEN)
    assert client.post("/login", data={"token": TOKEN}).status_code == 403
    assert client.post("/login", data={"token": TOKEN}, headers={"Origin": "https://evil.example"}).status_code == 403


def test_every_answer_has_the_security_headers(client, read):
    answers, _, _ = read
    for address, answer in answers.items():
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS, address
    assert client.get("/", headers={"Host": "evil.example"}).headers["X-Frame-Options"] == "DENY"


def test_large_requests_are_refused(client):
    headers = {"Origin": "http://127.0.0.1:8640", "Content-Length": str(10**9)}
    assert client.post("/login", content=b"x", headers=headers).status_code == 413


# ---- Texts that attack --------------------------------------------------------------------------------------------

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
    with sqlite3.connect(path) as connection:
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
# What fields contain is what was written, even characters that turn the direction of writing around.
FIELDS = re.compile(r"<textarea[^>]*>.*?</textarea>|value=\"[^\"]*\"", re.DOTALL)


def raw(text):
    """What a browser would take for an element or a handler of the attacker, and text that turns others around."""
    found = [bad for bad in ELEMENTS if bad in text.lower()]
    return found + ["\u202e"] * ("\u202e" in FIELDS.sub("", text))


def test_200_attacks_are_shown_as_text(open_page, attacked):
    assert len(PAYLOADS) == 200
    client = open_page(attacked)
    pages = [
        "/",
        "/sweeps/1",
        "/sweeps/1?show=trials&columns=note,tags,reason,regularizer&rows=500",
        "/sweeps/1/answer",
        "/sweeps/1/charts/heat",
    ]
    for address in [*pages, *(f"/trials/{number}" for number in range(1, 201, 7))]:
        answer = client.get(address)
        assert answer.status_code == 200 and raw(answer.text) == [], address


PLACES = [
    ("/", "name"),
    ("/", "tag"),
    *(("/sweeps/made", name) for name in ("where", "sort", "columns", "pins", "show")),
]
IN_ADDRESSES = list(itertools.product(PAYLOADS[::9], PLACES))


# With every commit each payload in one place or two, and every place has some.
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


def test_500_traversals_lead_nowhere(open_page, made_database):
    assert len(TRAVERSALS) > 500
    client = open_page(made_database)
    requests = [
        ("GET", address, {})
        for text in TRAVERSALS
        for address in (f"/static/{text}", f"/sweeps/{text}", f"/trials/{text}/epochs.csv")
    ]
    for request, (status, _) in zip(requests, raw_answers(client.app, requests), strict=True):
        assert status in (400, 404, 422), request


def raw_answers(application, requests):
    """The status and the text of the answer to each request (method, address, headers), which no client has tidied up.

    All are asked in one event loop: starting one takes longer than most answers.
    """

    async def ask_all():
        return [await raw_answer(application, *request) for request in requests]

    return anyio.run(ask_all)


async def raw_answer(application, method, address, headers):
    answer = {"status": None, "text": b""}

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        answer["status"] = message.get("status", answer["status"])
        answer["text"] += message.get("body", b"")

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(address),
        "raw_path": address.encode("utf-8", "replace"),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in {"Host": HOST, **headers}.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8640),
    }
    await application(scope, receive, send)
    return answer["status"], answer["text"].decode(errors="replace")


def test_a_sweep_with_an_odd_name_is_linked_by_its_number(open_page, attacked):
    with open_store_for_writing(str(attacked)) as store:
        assert store.sweeps()[0]["name"] == PARTS[0]
    assert 'href="./sweeps/1"' in open_page(attacked).get("/").text
