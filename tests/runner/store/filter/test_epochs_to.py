"""`epochs_to(…)`: the first epoch within a limit, in filters, columns, sorting and comparisons of groups."""

import statistics

import pytest
from fitgap.runner.driver import drive, write_sweep
from fitgap.runner.errors import FilterError, StoreError
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.store.filter import filter_expression
from support.sampling import on_sqlite_per_commit

SWEEP = """\
name: small
data: {source: iris, validation: 0.3}
repeats: 2
training: {epochs: 8, batch_size: 16}
axes:
  architecture: [4]
  optimizer: [{gradient_descent: {rate: [0.01, 0.1]}}, {adam: {rate: [0.01, 0.1]}}]
"""


@pytest.fixture
def store(database):
    with open_store_for_writing(database) as store:
        written = write_sweep(store, prepare_sweep(sweep_from_text(SWEEP)))
        drive(store, written, engine="local", workers=None, on_block=lambda block: None)
        yield store


def first_epochs(store, holds):
    """For each trial, its first epoch of which `holds` is true, or None."""
    found = {row["trial"]: None for row in store.trials("small")}
    for block in store.epoch_blocks("small"):
        for trial, epoch, e_v in zip(block["trial"], block["epoch"], block["e_v"], strict=True):
            if holds(e_v) and found[int(trial)] is None:
                found[int(trial)] = int(epoch)
    return found


def test_it_is_the_first_epoch_within_the_limit(store):
    key = "epochs_to(e_v < 0.2)"
    expected = first_epochs(store, lambda e_v: e_v < 0.2)
    assert None in expected.values() and len(set(expected.values())) > 2
    rows = store.trials("small", columns=["trial", key], sort=key)
    assert {row["trial"]: row[key] for row in rows} == expected
    order = [row[key] for row in rows]
    known = [epoch for epoch in order if epoch is not None]
    assert order == [*sorted(known), *[None] * (len(order) - len(known))]
    reached = {trial for trial, epoch in expected.items() if epoch is not None and epoch <= 4}
    assert {row["trial"] for row in store.trials("small", where=f"{key} <= 4")} == reached
    never = {trial for trial, epoch in expected.items() if epoch is None}
    assert {row["trial"] for row in store.trials("small", where=f"{key} is null")} == never
    doubled = store.trials("small", where=f"2 * {key} <= 8")
    assert {row["trial"] for row in doubled} == reached
    last = store.trials("small", sort=f"-{key}", limit=1)[0]["trial"]
    assert expected[last] == max(known)


@on_sqlite_per_commit
def test_groups_can_be_compared_in_it(store):
    key = "epochs_to(e_v < 0.3)"
    expected = first_epochs(store, lambda e_v: e_v < 0.3)
    optimizer = {row["trial"]: row["optimizer"] for row in store.trials("small")}
    groups = store.compare("small", ["optimizer"], of=key)
    for group in groups:
        own = [epoch for trial, epoch in expected.items() if optimizer[trial] == group["optimizer"] and epoch]
        assert group[key] == (pytest.approx(statistics.fmean(own)) if own else None)
    known = [group[key] for group in groups if group[key] is not None]
    assert known == sorted(known)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs_to(e_w < 1) < 3", "expected a measure of an epoch (e_v, e_t, accuracy_v, accuracy_t, e_t_running)"),
        ("epochs_to(e_v == 1) < 3", "expected '<' or '<=' or '>' or '>='"),
        ("epochs_to(e_v < 'x') < 3", "the limit must be a number"),
        ("epochs_to(e_v < e_t) < 3", "expected a number or a text in quotes"),
        ("epochs_to(e_v < 1 < 3", "expected ')'"),
        ("epochs_until(e_v < 1) < 3", "there is no function 'epochs_until'; known: abs, epochs_to"),
        ("epochs_to(e_v < 1)", "expected a comparison"),
    ],
)
def test_mistakes_are_pointed_at(text, message):
    with pytest.raises(FilterError) as told:
        filter_expression(text)
    assert message in str(told.value)


@on_sqlite_per_commit
def test_wrong_keys_are_refused(store):
    with pytest.raises(FilterError, match="the end"):
        store.trials("small", columns=["epochs_to(e_v < 1) + 1"])
    with pytest.raises(FilterError, match="a measure of an epoch"):
        store.trials("small", sort="-epochs_to(e_x < 1)")
    with pytest.raises(StoreError, match="there is no measure"):
        store.compare("small", ["optimizer"], of="epoch")
