"""The page behind a reverse proxy that adds a path, and through a forwarded port."""

import contextlib
import http.client
import re
import threading
from html import unescape
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from fitgap.runner.cli.commands.ui import wording
from fitgap.runner.store import open_store
from fitgap.runner.web import PageSettings, Server, create_application, listen
from support.charts.made_sweeps import Made, make
from support.web.path_proxy import PREFIX, proxied

TOKEN = "correct-horse-battery"
PAGES = ("", "sweeps/made", "sweeps/made?show=trials", "trials/7", "new", "api/", "sweeps/made/charts/capacity")
# Links in pages, except for other charts and downloads, which take long and are alike.
LINK = re.compile(r'(?:href|src|action|data-fragment)="([^"#]+)"')


@contextlib.contextmanager
def served(database, **options):
    """The page on a real socket: its host and port, and its settings."""
    settings = PageSettings(str(database), wording(), **options)
    application = create_application(settings)
    with listen("127.0.0.1", 0) as socket:
        server = Server(application)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
        thread.start()
        try:
            yield socket.getsockname(), settings
        finally:
            application.state.stopping.set()
            server.should_exit = True
            thread.join()
            application.state.trainings.close()


def ask(address, method="GET", fields=None, **headers):
    """The status and text of an answer, and where it redirects to."""
    parts = urlsplit(address)
    body = urlencode(fields) if fields else None
    sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    with contextlib.closing(http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)) as connection:
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace"), answer.getheader("Location")


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.db"
    make(str(path), Made(configurations=6, repeats=2))
    return path


@pytest.mark.nightly
def test_every_link_stays_below_the_path_of_the_proxy(own):
    with served(own) as (upstream, _), proxied(upstream) as proxy:
        found = set()
        for page in PAGES:
            status, text, _ = ask(proxy.address + page)
            assert status == 200
            found |= {urljoin(proxy.address + page, unescape(link)) for link in LINK.findall(text)}
        assert all(urlsplit(each).path.startswith(f"{PREFIX}/") for each in found)
        wrong = [each for each in sorted(found) if ask(each, "HEAD")[0] not in (200, 405)]
        assert wrong == [] and len(found) > 30


@pytest.mark.parametrize("keeps_host", [True, False])
def test_a_form_is_accepted_through_a_proxy(own, keeps_host):
    options = {} if keeps_host else {"hosts": ("lab.example",), "token": TOKEN}
    with served(own, **options) as (upstream, settings), proxied(upstream, keeps_host=keeps_host) as proxy:
        origin = proxy.address.removesuffix(f"{PREFIX}/") if keeps_host else "https://lab.example"
        fields = {"form_token": settings.form_token, "tag": "seen"}
        login = {}
        if not keeps_host:
            login = {"Authorization": f"Bearer {TOKEN}"}
        status, _, place = ask(f"{proxy.address}sweeps/made/tag", "POST", fields, Origin=origin, **login)
        assert status == 303
        assert urljoin(f"{proxy.address}sweeps/made/tag", place) == f"{proxy.address}sweeps/made"
    with open_store(str(own)) as store:
        assert store.labels(["made"])[0]["tags"] == ["seen"]


def test_another_website_is_refused_behind_a_proxy_too(own):
    options = {"hosts": ("lab.example",), "token": TOKEN}
    with served(own, **options) as (upstream, settings), proxied(upstream, keeps_host=False) as proxy:
        fields = {"form_token": settings.form_token, "tag": "seen"}
        for origin in ("https://evil.example", "https://lab.example.evil.example", "null", "file://lab.example"):
            assert ask(f"{proxy.address}sweeps/made/tag", "POST", fields, Origin=origin)[0] == 403


def test_events_come_through_a_proxy_as_they_happen(own):
    with served(own) as (upstream, _), proxied(upstream) as proxy:
        parts = urlsplit(f"{proxy.address}api/sweeps/made/events")
        with contextlib.closing(http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)) as connection:
            connection.request("GET", parts.path)
            answer = connection.getresponse()
            assert answer.getheader("Content-Type").startswith("text/event-stream")
            lines = [answer.readline() for _ in range(6)]
        assert b"event: progress\n" in lines


def test_a_forwarded_port_works_for_reading_and_writing(own):
    """As `ssh -L 9000:127.0.0.1:8640` does: the browser's port differs from the server's."""
    with served(own) as (upstream, settings):
        address = f"http://{upstream[0]}:{upstream[1]}/sweeps/made/tag"
        fields = {"form_token": settings.form_token, "tag": "seen"}
        host = {"Host": "localhost:9000"}
        assert ask(address.removesuffix("/tag"), **host)[0] == 200
        assert ask(address, "POST", fields, Origin="http://localhost:9000", **host)[0] == 303
        assert ask(address, "POST", fields, Origin="http://localhost:9001", **host)[0] == 403
