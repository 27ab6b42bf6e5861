"""Cached answers: the latest ones, limited in number and total size."""

import pytest
from fitgap.runner.web.caching import AnswerCache


class Asked:
    """Computes answers of a given size, and counts how often."""

    def __init__(self, size, cache):
        self.size, self.cache, self.times = size, cache, 0

    def __call__(self, key):
        def compute():
            self.times += 1
            return b"x" * self.size

        return self.cache.get(key, compute)


def test_an_answer_is_computed_once_while_it_is_kept():
    asked = Asked(10, AnswerCache())
    assert asked("a") is asked("a")
    assert asked.times == 1


@pytest.mark.parametrize(("most", "most_bytes"), [(3, 10**6), (100, 35)])
def test_the_oldest_answers_make_room_by_number_and_by_size(most, most_bytes):
    asked = Asked(10, AnswerCache(most, most_bytes))
    for key in ("a", "b", "c"):
        asked(key)
    # After this request, it is no longer the oldest.
    asked("a")
    asked("d")
    assert asked.times == 4
    for key in ("c", "a", "d"):
        asked(key)
    assert asked.times == 4
    asked("b")
    assert asked.times == 5


def test_an_answer_larger_than_all_that_may_be_kept_is_kept_alone():
    asked = Asked(100, AnswerCache(10, 50))
    for key in ("a", "b", "b"):
        asked(key)
    assert asked.times == 2
    asked("a")
    assert asked.times == 3


def test_an_answer_that_failed_is_computed_again():
    cache = AnswerCache()
    with pytest.raises(ZeroDivisionError):
        cache.get("a", lambda: 1 / 0)
    assert cache.get("a", lambda: "found") == "found"


def test_an_answer_for_another_state_takes_the_place_of_the_old_one():
    cache, found = AnswerCache(10, 50), []
    for state in (1, 1, 2, 1):
        cache.get("a", lambda: found.append(state) or b"x" * 20, state)  # noqa: B023
    assert found == [1, 2, 1]
    # Only one of the two is kept, so there is room for another answer.
    cache.get("b", lambda: b"x" * 20)
    cache.get("a", lambda: found.append("again"), 1)
    assert found == [1, 2, 1]
