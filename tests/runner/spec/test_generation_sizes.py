"""The sizes of generations: the first ones are small, and every position in the plan is in one generation."""

from itertools import islice

import pytest
from fitgap.runner.spec import Sweep
from fitgap.runner.spec.generation_sizes import GenerationSizes, stored_generation_sizes
from hypothesis import given
from hypothesis import strategies as st


def sizes_of(generations):
    """An endless iterator over the sizes of the generations."""
    number = 0
    while True:
        yield generations.begin(number + 1) - generations.begin(number)
        number += 1


@pytest.mark.parametrize(
    ("full", "expected"),
    [
        (1, [1, 1, 1]),
        (8, [8, 8, 8]),
        (12, [8, 8, 8, 12, 12]),
        (16, [8, 8, 8, 12, 16, 16]),
        (40, [8, 8, 8, 12, 18, 27, 40, 40]),
    ],
)
def test_generations_grow_to_their_full_size(full, expected):
    assert list(islice(sizes_of(GenerationSizes(full)), len(expected))) == expected
    assert list(islice(sizes_of(GenerationSizes(full, grows=False)), 3)) == [full] * 3


@given(st.integers(1, 10_000), st.booleans())
def test_no_generation_is_larger_than_half_of_all_before_it(full, grows):
    generations = GenerationSizes(full, grows)
    sizes = list(islice(sizes_of(generations), 40))
    assert sizes == sorted(sizes) and generations.first == sizes[0]
    assert sizes[-1] == full
    if grows:
        assert all(size <= max(8, sum(sizes[:number]) // 2) or full <= 8 for number, size in enumerate(sizes))


@given(st.integers(1, 300), st.booleans(), st.integers(0, 5_000))
def test_every_place_is_in_the_generation_that_begins_last_before_it(full, grows, place):
    generations = GenerationSizes(full, grows)
    number = generations.number_at(place)
    assert generations.begin(number) <= place < generations.begin(number + 1)
    assert generations.is_begin(place) == (generations.begin(number) == place)


@pytest.mark.parametrize("rule", [{}, {"halving": {"first": 2}}, {"median": {"first": 2}}])
def test_generations_that_are_brackets_have_full_size_from_the_first(rule):
    written = {"data": {"source": "iris"}, "axes": {"optimizer": [{"adam": {"rate": "1e-3..1"}}]}, **rule}
    sweep = Sweep.from_canonical({**written, "search": {"method": "tpe", "trials": 99, "generation": 20}})
    assert sweep.generation_sizes == GenerationSizes(20, grows=not rule)
    assert stored_generation_sizes(sweep.canonical()) == sweep.generation_sizes


def test_other_sweeps_have_no_generations():
    random = Sweep.from_canonical({"data": {"source": "iris"}, "search": {"method": "random", "trials": 9}})
    assert stored_generation_sizes(random.canonical()) is None
    assert stored_generation_sizes(Sweep.from_canonical({"data": {"source": "iris"}}).canonical()) is None
