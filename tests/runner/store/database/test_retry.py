"""Transactions are retried only while the database is unavailable, with growing pauses and up to a time limit."""

import pytest
import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.store.database import retry
from fitgap.runner.store.database.connection import connect, database_url
from fitgap.runner.store.database.errors import TemporaryStoreError
from fitgap.runner.store.database.retry import LONGEST_PAUSE_SECONDS, RETRY_SECONDS, with_retries


class Clock:
    """Time that passes only in pauses."""

    def __init__(self):
        self.now = 0.0
        self.pauses = []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(retry, "time", made)
    return made


@pytest.fixture
def engine(tmp_path):
    made = connect(database_url(str(tmp_path / "patient.db")), read_only=False)
    with made.begin() as connection:
        connection.execute(sa.text("CREATE TABLE tried (number INTEGER)"))
    yield made
    made.dispose()


def written(engine):
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT number FROM tried ORDER BY number")).scalars().all()


class Trying:
    """A transaction that fails with this error the first `failures` times, after it has written."""

    def __init__(self, failures, error):
        self.failures, self.error = failures, error
        self.seen = []

    def __call__(self, connection, again):
        self.seen.append(again)
        connection.execute(sa.text("INSERT INTO tried VALUES (:number)"), {"number": len(self.seen)})
        if len(self.seen) <= self.failures:
            raise self.error
        return "done"


def test_a_passing_failure_is_tried_again_and_leaves_nothing_of_the_tries_before(engine, clock):
    trying = Trying(3, TemporaryStoreError("not now"))
    assert with_retries(engine, trying) == "done"
    assert trying.seen == [False, True, True, True]
    assert written(engine) == [4]


def test_pauses_grow_up_to_a_bound_and_end_after_a_minute(engine, clock):
    trying = Trying(10**6, TemporaryStoreError("not now"))
    with pytest.raises(TemporaryStoreError, match="not now"):
        with_retries(engine, trying)
    assert clock.pauses == sorted(clock.pauses) and clock.pauses[-1] == LONGEST_PAUSE_SECONDS
    assert RETRY_SECONDS - LONGEST_PAUSE_SECONDS <= clock.now <= RETRY_SECONDS
    assert written(engine) == []


@pytest.mark.parametrize("error", [StoreError("full"), ValueError("a bug"), KeyboardInterrupt()])
def test_what_does_not_pass_by_itself_is_not_tried_again(error, engine, clock):
    trying = Trying(1, error)
    with pytest.raises(type(error)):
        with_retries(engine, trying)
    assert (trying.seen, clock.pauses, written(engine)) == ([False], [], [])


def test_a_connection_that_another_thread_uses_is_waited_for(clock):
    """As long as for an unavailable database: renewing a lease must survive another thread's wait for a lock."""
    engine = sa.create_engine("sqlite://", poolclass=sa.QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.01)
    with engine.connect() as busy:
        with pytest.raises(TemporaryStoreError, match="still used by another part of this program"):
            with_retries(engine, lambda connection, is_retry: None)
        assert RETRY_SECONDS - LONGEST_PAUSE_SECONDS <= clock.now <= RETRY_SECONDS
        busy.close()
        assert with_retries(engine, lambda connection, is_retry: "done") == "done"
    engine.dispose()
