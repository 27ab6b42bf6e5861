"""How a diagnosis describes what rounds of repeats have shown."""

import pytest
from fitgap.runner.diagnosis.rounds import in_words

ANSWER = {
    "best": "a",
    "within_reach": ["a"],
    "contenders": 4,
    "repeats": 5,
    "confidence": 0.95,
    "not_compared": 0,
    "is_over": True,
}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            {},
            "16, adam is the best with 95 % confidence, after 5 repeats "
            "(3 other configurations were within reach until then)",
        ),
        (
            {"contenders": 2, "confidence": 0.995, "repeats": 2},
            "16, adam is the best with 99.5 % confidence, after 2 repeats "
            "(1 other configuration was within reach until then)",
        ),
        (
            {"within_reach": ["a", "b", "c", "d"], "repeats": 8},
            "4 configurations cannot be told apart after 8 repeats; 16, adam looks best",
        ),
        ({"contenders": 1}, "16, adam is the only configuration whose 5 repeats all completed"),
        (
            {"within_reach": ["a", "b"], "is_over": False, "repeats": 1},
            "so far, 2 configurations are within reach of the best after 1 repeat; 16, adam looks best",
        ),
        (
            {"not_compared": 2},
            "16, adam is the best of those compared with 95 % confidence, after 5 repeats (3 other configurations were "
            "within reach until then); 2 configurations could not be compared, as a trial failed or was cancelled",
        ),
    ],
)
def test_the_answer_says_what_is_known_and_what_is_not(change, text):
    assert in_words({**ANSWER, **change}, "16, adam") == text


@pytest.mark.parametrize(
    ("near", "others", "text"),
    [
        (2, ["8, adam"], "; 16, adam looks best (others: 8, adam)"),
        (4, ["8, adam", "4, adam", "none, sgd"], "; 16, adam looks best (others: 8, adam; 4, adam; none, sgd)"),
        (6, ["8, adam", "4, adam", "none, sgd"], " (others: 8, adam; 4, adam; none, sgd; and 2 more)"),
    ],
)
@pytest.mark.parametrize("is_over", [True, False])
def test_what_cannot_be_told_apart_from_the_best_is_named(near, others, text, is_over):
    change = {"within_reach": list("abcdef")[:near], "is_over": is_over}
    assert in_words({**ANSWER, **change}, "16, adam", *others).endswith(text)
