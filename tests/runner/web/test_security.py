"""Access control: every route and method with a wrong Host, Origin, Sec-Fetch-Site or token."""

import contextlib
import itertools
import sqlite3

import pytest
from fitgap.runner.web.routes import ROUTES
from fitgap.runner.web.security import HEADERS
from support.charts.made_sweeps import Made, make
from support.web.raw_requests import HOST, raw_answers

# These tests share slow fixtures, so they run in one worker.
pytestmark = pytest.mark.xdist_group("security of the page")

TOKEN = "correct-horse-battery"
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
    """A database of its own, and a function that returns all of its rows as text."""
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
    """The answers to reading every address, and all rows of the database before and after."""
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
    # The cookie is only valid as long as the page runs.
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
