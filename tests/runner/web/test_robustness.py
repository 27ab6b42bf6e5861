"""A page whose database is missing, locked, deleted, replaced, upgraded or damaged, and its event stream."""

import contextlib
import json
import os
import shutil
import sqlite3
from pathlib import Path

import anyio
import pytest
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.store.database import sqlite
from support.charts.made_sweeps import Made, make
from support.databases.new_databases import postgres_template
from support.databases.temporary_postgres import PASSWORD

ORIGIN = {"Origin": "http://127.0.0.1:8640"}


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.db"
    make(str(path), Made(configurations=6, repeats=1))
    return path


def test_a_missing_database_says_what_to_do_until_it_is_there(open_page, tmp_path, own):
    client = open_page(tmp_path / "later.db")
    answer = client.get("/")
    assert answer.status_code == 503 and "fitgap run" in answer.text and answer.headers["refresh"] == "3"
    assert client.get("/api/sweeps").status_code == 503
    shutil.copy(own, tmp_path / "later.db")
    assert client.get("/sweeps/made").status_code == 200


def test_the_page_survives_a_database_that_is_deleted_and_restored(open_page, own, tmp_path):
    client = open_page(own)
    assert client.get("/sweeps/made").status_code == 200
    shutil.copy(own, tmp_path / "backup.db")
    for each in tmp_path.glob("own.db*"):
        each.unlink()
    assert client.get("/sweeps/made").status_code == 503
    os.rename(tmp_path / "backup.db", own)
    assert client.get("/sweeps/made").status_code == 200


def test_reading_goes_on_while_another_process_writes(open_page, own):
    client = open_page(own)
    with contextlib.closing(sqlite3.connect(own, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE sweep SET note = 'x'")
        assert client.get("/sweeps/made").status_code == 200
        connection.execute("ROLLBACK")


def test_a_database_of_a_newer_version_is_not_touched(open_page, own):
    client = open_page(own)
    with contextlib.closing(sqlite3.connect(own)) as connection, connection:
        connection.execute("UPDATE fitgap_version SET version_num = '9999'")
    answer = client.get("/sweeps/made")
    assert answer.status_code == 503 and "Traceback" not in answer.text
    fields = {"form_token": client.app.state.settings.form_token, "tag": "x"}
    assert client.post("/sweeps/made/tag", data=fields, headers=ORIGIN).status_code == 503


def test_what_is_no_database_is_refused(open_page, tmp_path):
    (tmp_path / "text.db").write_text("this is no database " * 100)
    answer = open_page(tmp_path / "text.db").get("/")
    assert answer.status_code == 503 and "Traceback" not in answer.text


def test_a_damaged_row_shows_no_traceback(open_page, own):
    with contextlib.closing(sqlite3.connect(own)) as connection, connection:
        connection.execute("UPDATE sweep SET specification = 'not json'")
    answer = open_page(own).get("/sweeps/made")
    assert answer.status_code >= 400 and "Traceback" not in answer.text and "File &quot;" not in answer.text


@pytest.mark.parametrize(
    "address",
    ["/", "/sweeps/it", "/sweeps/it?show=trials&sort=-e_v&where=repeat > 0", "/api/sweeps/it/configurations?sort=-e_v"],
)
def test_pages_are_the_same_on_every_kind_of_database(open_page, database, make_plan, address):
    with open_store_for_writing(database) as store:
        store.add_sweep(make_plan(configurations=3, repeats=2, name="it"))
    assert open_page(database).get(address).status_code == 200


# ---- Events -------------------------------------------------------------------------------------------------------


def events_of(client, address, change, stop_at):
    """The events of a stream; `change()` is called after the first ones."""
    found, sent = [], []

    async def receive():
        await anyio.sleep_forever()

    async def send(message):
        text = message.get("body", b"").decode()
        for block in text.split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if "event" in lines:
                found.append((lines["event"], json.loads(lines["data"]), lines.get("id")))
        if found and not sent:
            sent.append(True)
            await anyio.to_thread.run_sync(change)
        if stop_at(found):
            client.app.state.stopping.set()

    path, _, query = address.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1:8640")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8640),
    }

    async def run():
        with anyio.fail_after(60):
            await client.app(scope, receive, send)

    client.app.state.stopping.clear()
    anyio.run(run)
    return found


def test_a_stream_sends_all_rows_once_and_then_only_what_changed(open_page, own):
    def change():
        with contextlib.closing(sqlite3.connect(own)) as connection, connection:
            connection.execute("UPDATE trial SET e_v = 0.125, status = 'failed' WHERE id = 3")

    rows = [
        each
        for each in events_of(
            open_page(own), "/api/sweeps/made/events?show=trials", change, lambda found: len(found) >= 4
        )
        if each[0] == "rows"
    ]
    assert len(rows[0][1]["rows"]) == 6
    assert [row["trial"] for row in rows[1][1]["rows"]] == [3] and rows[1][1]["rows"][0]["e_v"] == 0.125
    # A page that lost its connection continues where it was.
    again = events_of(
        open_page(own),
        f"/api/sweeps/made/events?show=trials&cursor={rows[0][2]}",
        lambda: None,
        lambda found: len(found) >= 2,
    )
    assert [row["trial"] for row in again[1][1]["rows"]] == [3]


@pytest.mark.nightly
def test_a_stream_ends_when_its_sweep_is_deleted(open_page, own):
    def change():
        with open_store_for_writing(str(own)) as store:
            store.delete(["made"])

    found = events_of(open_page(own), "/api/sweeps/made/events", change, lambda found: False)
    assert found[-1][0] == "gone"


def test_a_stream_of_a_trial_says_how_far_it_is_and_ends_with_its_verdict(open_page, own):
    with contextlib.closing(sqlite3.connect(own)) as connection, connection:
        connection.execute("UPDATE trial SET status = 'running', verdict = NULL, epochs = NULL WHERE id = 3")
        connection.execute("DELETE FROM epoch WHERE trial_id = 3 AND epoch > 2")

    def change():
        with contextlib.closing(sqlite3.connect(own)) as connection, connection:
            connection.execute("UPDATE trial SET status = 'completed', verdict = 'good', epochs = 5 WHERE id = 3")

    client = open_page(own)
    assert client.get("/trials/3/charts/curves.json").status_code == 200
    found = events_of(client, "/api/trials/3/events", change, lambda found: False)
    assert [name for name, _, _ in found] == ["trial", "trial", "done"]
    assert [(row["status"], row["epochs"]) for _, row, _ in found[:2]] == [("running", 2), ("completed", 5)]


@pytest.mark.nightly
def test_epochs_of_running_trials_are_progress_but_change_no_row(open_page, own):
    with contextlib.closing(sqlite3.connect(own)) as connection, connection:
        connection.execute("UPDATE trial SET status = 'running', epochs = NULL WHERE id = 3")
        connection.execute("DELETE FROM epoch WHERE trial_id = 3 AND epoch > 2")

    def change():
        with contextlib.closing(sqlite3.connect(own)) as connection, connection:
            connection.execute("INSERT INTO epoch (trial_id, epoch) VALUES (3, 3)")

    found = events_of(open_page(own), "/api/sweeps/made/events", change, lambda found: len(found) >= 3)
    assert [name for name, _, _ in found] == ["progress", "rows", "progress"]
    assert ">27 of 28 epochs" in found[0][1]["html"] and ">28 of 28 epochs" in found[2][1]["html"]


def test_a_database_locked_by_another_program_is_away_only_as_long(open_page, own, monkeypatch):
    monkeypatch.setattr(sqlite, "LOCK_TIMEOUT_SECONDS", 0.1)
    client = open_page(own)
    with contextlib.closing(sqlite3.connect(own, isolation_level=None)) as connection:
        # In WAL mode readers are never locked out.
        connection.execute("PRAGMA journal_mode = DELETE")
    with contextlib.closing(sqlite3.connect(own, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        for address in ("/", "/sweeps/made", "/trials/3", "/api/sweeps", "/sweeps/made/charts/fitmap.json"):
            answer = client.get(address)
            assert answer.status_code == 503 and "Traceback" not in answer.text, address
        connection.execute("ROLLBACK")
    assert client.get("/sweeps/made").status_code == 200


def test_the_page_survives_an_upgrade_underneath_it(open_page, tmp_path):
    old = Path(__file__).parents[2] / "legacy" / "0005.db"
    path = tmp_path / "old.db"
    shutil.copy(old, path)
    client = open_page(path)
    before = client.get("/")
    assert before.status_code in (200, 503) and "Traceback" not in before.text
    open_store_for_writing(str(path)).close()
    assert client.get("/").status_code == 200


@pytest.mark.nightly
def test_the_page_survives_a_server_that_restarts(open_page, postgres_of_its_own):
    server = postgres_of_its_own
    address = server.address(postgres_template(server))
    client = open_page(address)
    assert client.get("/").status_code == 200
    server.kill()
    away = client.get("/")
    assert away.status_code == 503 and away.headers["refresh"] == "3" and "Traceback" not in away.text
    assert PASSWORD not in away.text
    assert client.get("/api/sweeps").status_code == 503
    server.start()
    assert client.get("/").status_code == 200
