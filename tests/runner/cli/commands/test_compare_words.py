"""The text above and below the table of `fitgap compare`: how groups are counted, and what the baseline is."""

import pytest
from fitgap.runner.cli.commands.compare import explanation, told_apart


def groups(*known, **more):
    found = {"repeats_needed": None, "paired_repeats": 3, "against": "a", "grouped": False, **more}
    return [{"could_be_best": each, **found} for each in known]


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ((True, True), "The two groups cannot be told apart."),
        ((True, False), "The other group is worse than the best."),
        ((True, False, False), "All other groups are worse than the best."),
        ((True, True, True), "None of the other 2 groups can be told apart from the best."),
        ((True, True, False), "The best and 1 other group cannot be told apart."),
        (
            (True, True, True, None),
            "None of the other 2 groups with an interval can be told apart from the best. 1 group has no interval.",
        ),
        (
            (True, True, None, None),
            "The best and the other group with an interval cannot be told apart. 2 groups have no interval.",
        ),
        ((True, True, False, None), "The best and 1 other group cannot be told apart. 1 group has no interval."),
        (
            (True, False, None),
            "The other group with an interval is worse than the best. 1 group has no interval.",
        ),
        (
            (True, False, False, None),
            "All other groups with an interval are worse than the best. 1 group has no interval.",
        ),
        ((True, None), None),
    ],
)
def test_groups_are_counted_as_the_table_shows_them(known, text):
    assert told_apart(groups(*known)) == text


def test_what_more_repeats_would_tell_comes_before_what_is_not_compared():
    told = told_apart(groups(True, True, None, repeats_needed=9))
    assert told.endswith("told apart. About 9 repeats would tell the best two apart. 1 group has no interval.")


@pytest.mark.parametrize(
    ("more", "baseline"),
    [
        ({"against": "adam 0.01"}, "adam 0.01"),
        ({"against": "0.02 to 0.04", "grouped": True}, "the group '0.02 to 0.04'"),
        ({"against": "adam rate 0.0001 to 0.00316, tanh", "grouped": True}, "the row without a difference"),
    ],
)
def test_an_interval_as_the_baseline_does_not_read_like_one_of_differences(more, baseline):
    told = explanation(groups(True, True, **more), "best_e_v")
    assert told == f"difference in best_e_v from {baseline}, ± 95 % over 3 repeats"
