"""Groups to which rounds gave different numbers of repeats are ordered by paired differences, not by their means."""

import numpy as np
import pytest
from fitgap.runner.analysis.pairing import Measured
from fitgap.runner.store.compare.pairs import Members
from fitgap.runner.store.compare.unequal_repeats import best_by_pairs, ordered

# The errors of each configuration by repeat. The letter of a configuration is its group, the number stands for its
# other settings. The second repeat is a hard split, so configurations that have it look worse.
ERRORS = {"a0": [0.3], "b0": [0.2, 0.9], "c0": [0.4, 1.0], "a1": [0.5], "b1": [0.4], "c1": [0.6]}


def case(errors):
    """The groups in the order of their means, the members, and the trials."""
    names = sorted({name[0] for name in errors})
    mean = {each: np.mean([v for name in errors if name[0] == each for v in errors[name]]) for each in names}
    names.sort(key=mean.get)
    counts = {each: sum(len(errors[name]) for name in errors if name[0] == each) for each in names}
    groups = [{"name": each, "m": mean[each], "completed": counts[each], "trials": counts[each]} for each in names]
    group = np.array([names.index(name[0]) for name in errors])
    others = np.array([int(name[1]) for name in errors])
    trials = [(group[n], others[n], r, v) for n, name in enumerate(errors) for r, v in enumerate(errors[name])]
    members = Members(np.arange(len(errors)), group, others, np.zeros(len(errors), int), [{}] * len(names))
    return groups, members, Measured(*map(np.array, zip(*trials, strict=True)))


def names_of(errors, *, is_more_better=False, unfinished=()):
    groups, members, trials = case(errors)
    for group in groups:
        group["trials"] += group["name"] in unfinished
    found, moved = ordered(groups, members, trials, "m", is_more_better=is_more_better)
    assert [found[place]["name"] for place in moved.group] == [name[0] for name in errors], "members follow"
    return [group["name"] for group in found]


def test_groups_are_ordered_by_their_paired_differences():
    assert [group["name"] for group in case(ERRORS)[0]] == ["a", "b", "c"], "by means, `a` would be the best"
    assert names_of(ERRORS) == ["b", "a", "c"]


def test_where_more_is_better_the_highest_comes_first():
    assert names_of(ERRORS, is_more_better=True) == ["c", "a", "b"]


def test_groups_of_one_configuration_are_ordered_by_repeats_as_in_the_leaderboard():
    assert names_of({"a0": [0.3], "b0": [0.2, 0.9], "c0": [0.1, 1.1], "d0": [0.5, 0.4]}) == ["d", "b", "c", "a"]


def test_incomplete_groups_stay_last():
    assert names_of(ERRORS, unfinished="b") == ["a", "c", "b"]


def test_differences_that_go_round_in_circles_end():
    """In the repeats that two groups share, `a` is better than `b`, `b` than `c`, and `c` than `a`."""
    errors = {"a0": [1, 3, np.nan], "b0": [2, np.nan, 1], "c0": [np.nan, 2, 2], "a1": [1.0], "b1": [1.0], "c1": [1.0]}
    _, _, trials = case({name: np.nan_to_num(values) for name, values in errors.items()})
    known = np.concatenate([~np.isnan(values) for values in errors.values()])
    trials = Measured(*(each[known] for each in (trials.group, trials.others, trials.repeat, trials.value)))
    best, differences = best_by_pairs(trials, 1, np.ones(3, bool))
    assert 0 <= best < 3 and np.isnan(differences[best])


@pytest.mark.parametrize("errors", [ERRORS, {"a0": [0.3], "b0": [0.3], "a1": [0.1], "b1": [0.2, 0.1]}])
def test_no_group_is_better_than_the_first_in_what_they_share(errors):
    _, _, trials = case(errors)
    _, found = best_by_pairs(trials, 1, np.ones(len(np.unique(trials.group)), bool))
    assert not (found < 0).any()
