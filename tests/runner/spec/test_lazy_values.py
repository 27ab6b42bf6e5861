from itertools import islice

from fitgap.runner.spec.lazy_values import either, listed, together


def test_sizes_and_values_agree():
    letters, numbers = listed("ab"), listed([1, 2, 3])
    assert (either([letters, numbers]).size, list(either([letters, numbers]))) == (5, ["a", "b", 1, 2, 3])
    pairs = together([letters, numbers], "{0[0]}{0[1]}".format)
    assert (pairs.size, list(pairs)) == (6, ["a1", "a2", "a3", "b1", "b2", "b3"])
    assert list(pairs) == list(pairs), "alternatives may be walked over again"


def test_the_product_of_nothing_is_one_empty_combination():
    assert (together([], tuple).size, list(together([], tuple))) == (1, [()])


def test_sizes_cost_nothing():
    grid = together([listed(range(1000))] * 20, tuple)
    assert grid.size == 1000**20
    assert list(islice(grid, 2)) == [(0,) * 20, (0,) * 19 + (1,)]
