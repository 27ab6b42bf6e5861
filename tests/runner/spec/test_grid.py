"""The grid of configurations: a sequence like a list, but each configuration is created only on access."""

import itertools

import pytest
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.spec.grid import Grid

TEXT = "{data: xor, axes: {architecture: [4, none, 4], activation: [relu, tanh], epochs: [3, 5]}}"


def test_it_is_the_product_of_the_axes_each_combination_once():
    found = [(each.architecture, each.activation_label, each.epochs) for each in sweep_from_text(TEXT).configurations()]
    assert found == list(itertools.product([(4,), ()], ["relu", "tanh"], [3, 5]))


def test_it_behaves_like_the_list_of_its_configurations():
    grid = sweep_from_text(TEXT).configurations()
    there = list(grid)
    assert len(grid) == len(there) == len(set(there))
    assert [grid[position] for position in range(-len(there), len(there))] == there * 2
    assert grid[2:7:2] == there[2:7:2] and grid[5:] == there[5:]
    assert grid == there and grid == sweep_from_text(TEXT).configurations()
    assert grid != there[1:] and grid != [*there[1:], there[0]]
    assert all(each in grid for each in there)
    for outside in (len(there), -len(there) - 1):
        with pytest.raises(IndexError):
            grid[outside]


def test_nothing_is_made_before_it_is_asked_for():
    made = []
    grid = Grid({"one": tuple(range(1000)), "two": tuple(range(1000))}, made.append)
    assert len(grid) == 10**6 and made == []
    grid[123_456]
    assert made == [(123, 456)]
