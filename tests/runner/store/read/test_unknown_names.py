"""Queries for sweeps, trials and columns that do not exist: the errors say what exists instead."""

import pytest
from fitgap.runner.errors import StoreError
from fitgap.runner.store import open_store_for_writing
from support.sampling import on_sqlite_per_commit


@on_sqlite_per_commit
@pytest.mark.parametrize(
    ("ask", "pattern"),
    [
        (lambda store: store.sweep("digit"), "did you mean 'digits'"),
        (lambda store: store.sweep("99"), "there is no sweep '99'"),
        (lambda store: store.trials("digits", sort="best_ev"), "did you mean 'best_e_v'"),
        (lambda store: store.trials("digits", sort="-best_ev"), "did you mean 'best_e_v'"),
        (lambda store: store.trials("digits", sort="; DROP TABLE trial"), "cannot sort by"),
        (lambda store: store.compare("digits", ["activaton"]), "did you mean 'activation'"),
        (lambda store: store.compare("digits", ["e_v"]), "cannot compare by 'e_v'"),
        *(
            (ask, "'-?test_error'; it is measured once, for the best configuration alone, .*; see fitgap show")
            for ask in (
                lambda store: store.trials("digits", sort="-test_error"),
                lambda store: store.trials("digits", where="test_error < 1"),
                lambda store: store.trials("digits", columns=["test_error"]),
                lambda store: store.compare("digits", ["activation"], of="test_error"),
            )
        ),
        (lambda store: store.show(99), "no trial 99; the highest number is 4"),
        (lambda store: store.epochs([1, 99]), "no trial 99; the highest number is 4"),
        (lambda store: store.show(0), "no trial 0"),
        (lambda store: store.show(-1), "no trial -1"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(ask, pattern, store, make_plan):
    store.add_sweep(make_plan(name="digits"))
    with pytest.raises(StoreError, match=pattern) as caught:
        ask(store)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 10**30])
def test_numbers_that_no_database_holds_are_told_like_any_unknown_one(number, store, make_plan):
    store.add_sweep(make_plan())
    for ask in (store.show, store.sweep, lambda number: store.epochs([number])):
        with pytest.raises(StoreError, match="there is no"):
            ask(number)


def test_an_empty_store_says_how_to_fill_it():
    with open_store_for_writing("new.db") as store:
        assert store.sweeps() == []
        for ask in (lambda: store.sweep("digits"), lambda: store.show(1)):
            with pytest.raises(StoreError, match="there are none yet; `fitgap run` creates"):
                ask()
