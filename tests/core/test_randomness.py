"""Generators by key."""

import itertools

import numpy as np
from fitgap.core.randomness import Purpose, generator


def first_numbers(*key):
    return tuple(generator(*key).integers(0, 2**63, 4))


def test_equal_keys_give_equal_numbers_whatever_was_drawn_before():
    np.random.seed(0)
    before = first_numbers(1, 2, Purpose.BATCHES, 7)
    generator(1, 2, Purpose.BATCHES, 6).random(100)
    np.random.seed(1)
    assert first_numbers(1, 2, Purpose.BATCHES, 7) == before


def test_keys_that_differ_anywhere_give_different_numbers():
    keys = list(itertools.product((0, 1, 2**40), (0, 1, 2), Purpose, (1, 2)))
    keys += [key[:3] for key in keys[::2]]
    assert len({first_numbers(*key) for key in keys}) == len(keys)


def test_the_parts_of_a_key_are_not_interchangeable():
    assert first_numbers(1, 2, Purpose.SPLIT) != first_numbers(2, 1, Purpose.SPLIT)
    assert first_numbers(0, 1, Purpose.WEIGHTS, 2) != first_numbers(0, 2, Purpose.WEIGHTS, 1)


def test_purposes_keep_their_numbers():
    """The numbers are part of every stored result."""
    numbers = {purpose.name: purpose.value for purpose in Purpose}
    assert numbers | {"SPLIT": 0, "WEIGHTS": 1, "BATCHES": 2, "DROPOUT": 3, "DATA": 4} == numbers
    assert sorted(numbers.values()) == list(range(len(numbers)))


def test_the_numbers_of_a_key_never_change():
    """Only then can a later version train a stored trial again."""
    assert generator(5, 1, Purpose.DROPOUT, 3).bit_generator.random_raw() == 8066244392014310882
