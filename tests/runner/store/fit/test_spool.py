"""The spool returns fits unchanged, from memory and from a file, as often as it is read."""

import errno
import os

import pytest
from fitgap.core.fit_verdicts import Fit, Verdict
from fitgap.runner.errors import StoreError
from fitgap.runner.store.fit import spool
from fitgap.runner.store.fit.spool import FitSpool
from hypothesis import given
from hypothesis import strategies as st

errors = st.floats(allow_nan=False, allow_infinity=False)


def fit_of(excess, underfit, overfit, verdict):
    return Fit(excess, underfit, overfit, se_excess=0.0, se_underfit=0.0, se_overfit=0.0, verdict=verdict)


fits = st.builds(fit_of, errors, errors, errors, st.sampled_from(Verdict))
numbered = st.lists(st.tuples(st.integers(1, 2**31 - 1), fits), max_size=12)


@pytest.fixture
def in_a_file(monkeypatch):
    """Two fits are too many for memory, so they go to a file."""
    monkeypatch.setattr(spool, "MOST_BYTES_IN_MEMORY", spool.RECORD.size)


def read(kept):
    return [
        (each["number"], each["new_excess"], each["new_underfit"], each["new_overfit"], each["new_verdict"])
        for part in kept.parts()
        for each in part
    ]


def check(added):
    expected = [(number, fit.excess, fit.underfit, fit.overfit, fit.verdict.value) for number, fit in added]
    with FitSpool() as kept:
        for number, fit in added:
            kept.add(number, fit)
        assert len(kept) == len(added)
        # A retried transaction reads them again.
        assert read(kept) == read(kept) == expected
        assert all(len(part) <= spool.FITS_AT_A_TIME for part in kept.parts())


@given(added=numbered)
def test_fits_in_memory_come_out_as_they_went_in(added):
    check(added)


@given(added=numbered)
def test_fits_in_a_file_do_too(added):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "MOST_BYTES_IN_MEMORY", spool.RECORD.size)
        patch.setattr(spool, "FITS_AT_A_TIME", 3)
        check(added)


def test_what_is_not_finite_is_unknown():
    with FitSpool() as kept:
        kept.add(7, fit_of(float("inf"), float("nan"), 0.5, Verdict.UNDERFIT))
        assert read(kept) == [(7, None, None, 0.5, "underfit")]


def test_a_folder_without_room_is_told_in_one_line(monkeypatch, in_a_file):
    """This also covers a missing folder, which is only noticed when the file is created."""

    def refuse(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(spool.tempfile, "TemporaryFile", refuse)
    with FitSpool() as kept, pytest.raises(StoreError, match=r"temporary files.*No space left.*TMPDIR") as told:
        for number in range(1, 4):
            kept.add(number, fit_of(0.1, 0.1, 0.0, Verdict.UNDERFIT))
    assert "\n" not in str(told.value)
