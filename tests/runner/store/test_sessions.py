"""A driver's writes may be repeated, because a connection can be lost right after the database has committed."""

import contextlib
from functools import partial

import numpy as np
import pytest
import sqlalchemy as sa
from fitgap.runner.messages import Block, KeptNetwork, TrialEnd
from fitgap.runner.store import open_store, open_store_for_writing
from fitgap.runner.store.database import retry
from fitgap.runner.store.database.errors import LOST, TemporaryStoreError
from fitgap.runner.store.write import session
from fitgap.runner.trial_status import Status
from support.databases.new_databases import postgres_template

# Runs these tests in one process, because they share a database server.
pytestmark = pytest.mark.xdist_group("the server of sessions")


@pytest.fixture
def lost_after_commit(store, monkeypatch):
    """A context manager: the next transaction within it is committed, then its connection is lost."""
    monkeypatch.setattr(retry, "FIRST_PAUSE_SECONDS", 0.0)

    @contextlib.contextmanager
    def lose():
        losses = []

        def fail_once(connection):
            if not losses:
                losses.append(connection)
                connection.connection.dbapi_connection.commit()
                raise LOST.error(connection.engine.url)

        sa.event.listen(store._engine, "commit", fail_once)
        yield
        sa.event.remove(store._engine, "commit", fail_once)
        assert losses

    return lose


@pytest.fixture
def trials(store, make_plan):
    sweep_id, _ = store.add_sweep(make_plan(2, 1))
    return [row["trial"] for row in store.trials(sweep_id)]


def test_trials_claimed_without_an_answer_are_claimed(store, driver, identity, trials, lost_after_commit):
    with lost_after_commit():
        assert driver.claim(trials) == set(trials)
    assert {store.show(trial)["status"] for trial in trials} == {"running"}
    assert store.begin_driver(identity).claim(trials) == set()


def test_a_block_written_without_an_answer_is_there_once(store, driver, database, trials, make_rows, lost_after_commit):
    first, second = trials
    driver.claim(trials)
    driver.record(Block(make_rows([first, second], [1, 1]), ()))
    rows = make_rows([first, second], [2, 2], e_t=[0.1, 0.2])
    end = TrialEnd(first, Status.COMPLETED, epochs=2, e_v=0.5)
    kept = KeptNetwork(first, 2, np.zeros(3))
    with lost_after_commit():
        driver.record(Block(rows, (end,), (kept,)))
    with open_store(database) as reading:
        epochs = [(row["trial"], row["epoch"], row["e_t"]) for row in reading.epochs(trials)]
        assert epochs == [(first, 1, 0.5), (first, 2, 0.1), (second, 1, 0.5), (second, 2, 0.2)]
        assert (reading.show(first)["status"], reading.show(first)["e_v"]) == ("completed", 0.5)
        assert reading.show(second)["status"] == "running"
        assert reading.kept_parameters(first, 2) is not None


def test_a_driver_that_ends_without_an_answer_has_ended(store, driver, trials, lost_after_commit):
    driver.claim(trials)
    with lost_after_commit():
        driver.end()
    assert {store.show(trial)["status"] for trial in trials} == {"pending"}


def test_a_driver_goes_on_when_the_server_was_started_anew(postgres_of_its_own, make_plan, identity, make_rows):
    """It loses its connection in the middle of its work, but nothing that it has written."""
    server = postgres_of_its_own
    with open_store_for_writing(server.address(postgres_template(server))) as store:
        sweep_id, _ = store.add_sweep(make_plan(1, 1))
        driver = store.begin_driver(identity)
        assert driver.claim([1]) == {1}
        for epoch in range(1, 6):
            server.kill()
            server.start()
            driver.record(Block(make_rows([1], [epoch]), ()))
        assert [row["epoch"] for row in store.sweep_epochs(sweep_id)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "question",
    [
        lambda store, sweep, group: store.pending_groups(sweep),
        lambda store, sweep, group: store.pending_numbers(sweep, group).tolist(),
        lambda store, sweep, group: store.planned([1]),
        lambda store, sweep, group: store.states([1]),
    ],
)
def test_what_a_driver_asks_while_it_trains_waits_for_the_database(store, make_plan, question, monkeypatch):
    monkeypatch.setattr(retry, "FIRST_PAUSE_SECONDS", 0.0)
    sweep_id, _ = store.add_sweep(make_plan(1, 1))
    (group,) = store.pending_groups(sweep_id)
    expected = question(store, sweep_id, group)
    losses = []

    def fail_once(connection, *statement):
        if not losses:
            losses.append(statement)
            raise LOST.error(connection.engine.url)

    sa.event.listen(store._engine, "before_cursor_execute", fail_once)
    assert question(store, sweep_id, group) == expected and losses


def test_a_server_that_does_not_come_back_is_told_in_a_line(
    postgres_of_its_own, make_plan, identity, make_rows, monkeypatch
):
    server = postgres_of_its_own
    with open_store_for_writing(server.address(postgres_template(server))) as store:
        store.add_sweep(make_plan(1, 1))
        driver = store.begin_driver(identity)
        server.kill()
        monkeypatch.setattr(session, "with_retries", partial(retry.with_retries, patience=0.3))
        with pytest.raises(TemporaryStoreError, match="cannot be reached; check host, port") as caught:
            driver.claim([1])
        assert str(caught.value).isprintable()
        server.start()
