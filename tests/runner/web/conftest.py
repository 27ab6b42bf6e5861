"""The page without a socket: an application on a database, called through Starlette's test client."""

import pytest
from fitgap.runner.cli.commands.ui import wording
from fitgap.runner.web import PageSettings, create_application
from starlette.testclient import TestClient
from support.charts.made_sweeps import Made, make

BASE = "http://127.0.0.1:8640"


@pytest.fixture(scope="session")
def made_database(tmp_path_factory):
    """A sweep of 24 configurations with synthetic results. Read-only."""
    path = tmp_path_factory.mktemp("page") / "made.db"
    make(str(path), Made(diverging=11))
    return str(path)


@pytest.fixture(scope="session")
def open_page():
    """`open_page(database, …)`: a client of the page; the options are those of `PageSettings`."""
    opened = []

    def open_(database, **options):
        application = create_application(PageSettings(str(database), wording(), **options))
        opened.append(application.state.trainings)
        return TestClient(application, base_url=BASE, raise_server_exceptions=False, follow_redirects=False)

    yield open_
    for trainings in opened:
        trainings.close()


@pytest.fixture
def client(open_page, made_database):
    return open_page(made_database)
