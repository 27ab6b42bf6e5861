"""Small samples of validation examples."""

import pytest
from fitgap.core.small_samples import SmallSample, small_sample


@pytest.mark.parametrize(
    ("count", "by_class", "expected"),
    [
        (200, {}, None),
        (30, {}, SmallSample(30, {})),
        (120, {"a": 114, "b": 6}, SmallSample(None, {"b": 6})),
        (120, {"a": 60, "b": 60}, None),
        # Classes are not named if all of them are small.
        (30, {"a": 15, "b": 15}, SmallSample(30, {})),
        (45, {"a": 40, "b": 5}, SmallSample(45, {"b": 5})),
    ],
)
def test_few_examples_are_named_in_total_and_by_class(count, by_class, expected):
    assert small_sample(count, by_class) == expected


def test_it_says_what_would_help():
    text = str(small_sample(45, {"a": 40, "b": 5}))
    assert text == (
        "only 45 validation examples in a repeat; only 5 of class b: verdicts are uncertain; "
        "k folds, more repeats or a larger validation share would help"
    )
