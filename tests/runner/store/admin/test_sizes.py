"""Sizes of sweeps are about right, and compacting a database frees space and loses nothing."""

import numpy as np
import pytest
import sqlalchemy as sa
from fitgap.runner.errors import BusyError, StoreError
from fitgap.runner.messages import Block, TrialEnd
from fitgap.runner.recorded_epochs import Recording, always_recorded
from fitgap.runner.store import open_store
from fitgap.runner.store.admin import sizes
from fitgap.runner.store.admin.status import describe_database
from fitgap.runner.store.schema.tables import evidence
from fitgap.runner.trial_status import Status
from support.sampling import on_sqlite_per_commit

TRIALS, EPOCHS = 200, 100


def fill(store, driver, make_plan, make_rows, name, trials):
    """A sweep of `trials` trials, each with 100 epochs and 4 KB of evidence."""
    sweep_id, _ = store.add_sweep(make_plan(trials, 1, name=name))
    numbers = [row["trial"] for row in store.trials(sweep_id)]
    driver.claim(numbers)
    rng = np.random.default_rng(0)
    for number in numbers:
        rows = make_rows([number] * EPOCHS, range(1, EPOCHS + 1), e_t=rng.random(EPOCHS), e_v=rng.random(EPOCHS))
        driver.record(Block(rows, (TrialEnd(number, Status.COMPLETED, epochs=EPOCHS),)))
    with store._engine.begin() as connection:
        rows = [{"trial_id": number, "statistics": {}, "content": rng.bytes(4000)} for number in numbers]
        connection.execute(sa.insert(evidence), rows)
    return sweep_id


@on_sqlite_per_commit
def test_the_sizes_of_sweeps_are_about_that_of_the_database(store, database, driver, make_plan, make_rows):
    empty = describe_database(database)["bytes"]
    large = fill(store, driver, make_plan, make_rows, "large", TRIALS)
    small = fill(store, driver, make_plan, make_rows, "small", TRIALS // 4)
    told = store.sweep_sizes()
    assert (told[large][0], told[small][0]) == (TRIALS * EPOCHS, TRIALS * EPOCHS // 4)
    assert told[large][1] == pytest.approx(4 * told[small][1], rel=0.01)
    # Otherwise, pages that are still in SQLite's log would count twice.
    store.close()
    written = describe_database(database)["bytes"] - empty
    assert sum(size for _, size in told.values()) == pytest.approx(written, rel=0.25)


@pytest.mark.parametrize("record", [{"every": 10}, {"epochs": "log"}])
def test_epochs_that_are_not_recorded_take_no_room(record, store, driver, make_plan, make_rows):
    """Sizes and summaries of deletions count only the epochs that are stored."""
    recording = Recording.from_canonical(record)
    sweep_id, _ = store.add_sweep(make_plan(3, 1, specification={"training": {"record": record}}))
    whole, _ = store.add_sweep(make_plan(1, 1, name="whole"))
    numbers = [row["trial"] for sweep in (sweep_id, whole) for row in store.trials(sweep)]
    driver.claim(numbers)
    for number, best in zip(numbers[:3], (37, 50, 100), strict=True):
        stored = always_recorded(100, best)
        epochs = [epoch for epoch in range(1, 101) if recording.includes(epoch) or epoch in stored]
        end = TrialEnd(number, Status.COMPLETED, epochs=100, best_epoch=best)
        driver.record(Block(make_rows([number] * len(epochs), epochs), (end,)))
    driver.record(Block(make_rows([numbers[3]] * 2, [1, 2]), (TrialEnd(numbers[3], Status.COMPLETED, epochs=2),)))
    count = len(store.sweep_epochs(sweep_id))
    assert {number: epochs for number, (epochs, _) in store.sweep_sizes().items()} == {sweep_id: count, whole: 2}
    assert store.deletion(["plan", "whole"]).epochs == count + 2
    assert store.deletion([str(numbers[3])]).epochs == 2


@on_sqlite_per_commit
def test_the_room_of_a_deleted_sweep_is_given_back(
    store, database, database_kind, driver, make_plan, make_rows, findings
):
    fill(store, driver, make_plan, make_rows, "large", TRIALS)
    fill(store, driver, make_plan, make_rows, "small", 10)
    assert not store.unused_bytes()
    store.delete(["large"])
    before = findings(store)
    if database_kind == "postgresql":
        assert store.unused_bytes() is None
        assert sizes.compact_database(database) is None
    else:
        unused = store.unused_bytes()
        with pytest.raises(BusyError, match=r"driver 1 \(process \d+\) is training; stop it with Ctrl-C"):
            sizes.compact_database(database)
        driver.end()
        store.close()
        full, compact = sizes.compact_database(database)
        assert compact < full - 0.9 * unused < full / 5
        assert describe_database(database)["bytes"] <= compact
    with open_store(database) as opened:
        assert findings(opened) == before


@pytest.fixture
def findings():
    """`findings(store)`: the trials, epochs and labels of the sweep that remains."""
    return lambda store: (store.trials("small"), store.sweep_epochs("small"), store.labels(["small"]))


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_only_a_database_of_ours_is_compacted(content, tmp_path):
    path = tmp_path / "other.db"
    path.write_bytes(content)
    with pytest.raises(StoreError):
        sizes.compact_database(str(path))
    assert path.read_bytes() == content
    with pytest.raises(StoreError, match="there is no database"):
        sizes.compact_database(str(tmp_path / "missing.db"))
