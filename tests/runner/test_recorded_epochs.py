"""Which epochs are recorded: the sets themselves, and counts of them."""

import pytest
from fitgap.runner.recorded_epochs import COMPLETE, Recording, always_recorded

LOG = Recording(None)


def included(recording, last):
    return [epoch for epoch in range(1, last + 1) if recording.includes(epoch)]


def test_all_every_tenth_and_ever_fewer():
    assert included(COMPLETE, 5) == [1, 2, 3, 4, 5]
    assert included(Recording(10), 35) == [1, 10, 20, 30]
    expected = [*range(1, 17), *range(18, 33, 2), *range(36, 65, 4), *range(72, 129, 8), *range(144, 257, 16)]
    assert included(LOG, 256) == expected


def test_between_a_number_and_its_double_are_eight():
    for number in (16, 17, 100, 1000, 4096):
        assert sum(LOG.includes(epoch) for epoch in range(number + 1, 2 * number + 1)) == 8


def test_a_trial_is_judged_by_its_last_and_best_epoch_and_by_that_before_its_last_tenth():
    assert always_recorded(100, 37) == {37, 90, 100}
    assert always_recorded(1, 1) == {1} and always_recorded(4, None) == {1, 4}


@pytest.mark.parametrize("recording", [COMPLETE, LOG, Recording(2), Recording(7), Recording(1000)])
def test_rows_are_counted_without_listing_them(recording):
    for last in (*range(1, 140), 1000, 1023, 1024, 1025):
        for best in (None, 1, last // 2 or None, last):
            rows = set(included(recording, last)) | always_recorded(last, best)
            assert recording.rows_of(last, best) == len(rows), (last, best)


@pytest.mark.parametrize("recording", [COMPLETE, LOG, Recording(7)])
def test_what_is_written_is_read_again(recording):
    assert Recording.from_canonical(recording.canonical()) == recording
