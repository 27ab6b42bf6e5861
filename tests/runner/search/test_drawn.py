import pytest
from fitgap.runner.errors import SpecError
from fitgap.runner.search import Drawn
from fitgap.runner.search.points import METHODS
from fitgap.runner.spec import Sweep
from hypothesis import given
from hypothesis import strategies as st
from support.spec.spec_strategies import WRITTEN_FILES


def searched(axes, trials, method="random"):
    written = {"data": {"source": "digits"}, "axes": axes, "search": {"method": method, "trials": trials}}
    return Drawn(Sweep.from_canonical(written), trials)


@pytest.mark.parametrize("method", METHODS)
def test_a_space_without_ranges_is_exhausted_without_repetition(method):
    axes = {"activation": ["relu", "tanh", "relu"], "batch_size": [1, 2, 3], "optimizer": [{"adam": {"rate": [1, 2]}}]}
    found = searched(axes, 12, method)
    sweep = Sweep.from_canonical({"data": {"source": "digits"}, "axes": axes})
    assert {each.hash for each in found} == {each.hash for each in sweep.configurations()}
    assert len(set(found)) == len(found) == 12
    assert [found[-1], *found[3:5]] == [list(found)[-1], *list(found)[3:5]]


def test_more_configurations_than_there_are_is_an_error():
    with pytest.raises(SpecError, match=r"5 different configurations are wanted, but of 20,\d+ drawn ones only 4"):
        list(searched({"batch_size": [1, 2, 3, 4]}, 5))
    with pytest.raises(SpecError, match=r"lower trials to at most 12 \(4 configurations × 3 repeats\)$"):
        list(Drawn(searched({"batch_size": [1, 2, 3, 4]}, 5)._sweep, 5, repeats=3))


def test_a_filter_decides_and_the_next_points_take_the_place_of_those_refused():
    sweep = Sweep.from_canonical(
        {"data": {"source": "digits"}, "axes": {"batch_size": "1..500"}, "search": "random:trials=20"}
    )
    everything = Drawn(sweep, 400)
    even = Drawn(sweep, 20, lambda configurations: [each.batch_size % 2 == 0 for each in configurations])
    assert list(even) == [each for each in everything if each.batch_size % 2 == 0][:20]
    with pytest.raises(SpecError, match="only 0 can be used; the others repeat or are refused by `only`; change"):
        list(Drawn(sweep, 20, lambda configurations: [False] * len(configurations)))


@given(WRITTEN_FILES, st.integers(0, 99))
def test_whatever_is_drawn_from_lists_is_in_the_grid(written, seed):
    grid = Sweep.from_canonical(written).configurations()
    sweep = Sweep.from_canonical({**written, "seed": seed, "search": "random:trials=1"})
    (configuration,) = Drawn(sweep, 1)
    assert configuration in grid
