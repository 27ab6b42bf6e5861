"""Shares of variance: their sums, known special cases, and agreement with sums by hand and with scikit-learn."""

import itertools

import numpy as np
import pytest
from fitgap.runner.analysis.shares import nested_shares, shares
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

# Numbers of alternatives of each axis, then of repeats.
SHAPES = st.sampled_from([(3, 2), (4, 1), (3, 4, 3), (2, 3, 1), (2, 3, 4, 3), (2, 2, 3, 2, 2)])


def drawn(shape, seed):
    return np.random.default_rng(seed).normal(size=shape)


def all_shares(found):
    return [*found.axes, *found.pairs, found.rest]


def by_axes(found, name):
    return {share.axes: getattr(share, name) for share in all_shares(found)}


@given(SHAPES, st.integers(0, 1000))
def test_shares_add_up_to_1_with_and_without_noise(shape, seed):
    found = shares(drawn(shape, seed) + 5)
    assert sum(share.raw for share in all_shares(found)) + found.repeat + found.left == pytest.approx(1)
    if shape[-1] > 1:
        assert sum(share.without_noise for share in all_shares(found)) + found.repeat + found.noise == pytest.approx(1)


@given(SHAPES, st.integers(0, 1000))
def test_neither_order_nor_scale_of_anything_matters(shape, seed):
    grid = drawn(shape, seed)
    generator = np.random.default_rng(seed)
    found = shares(grid)
    shuffled = grid
    for axis, size in enumerate(shape):
        shuffled = np.take(shuffled, generator.permutation(size), axis=axis)
    turned = np.moveaxis(shuffled, range(len(shape) - 1), reversed(range(len(shape) - 1))) * 1e200 - 3e200
    other = shares(turned)
    last = len(shape) - 2
    for name in ("raw", "noise"):
        expected = {tuple(sorted(last - axis for axis in axes)): value for axes, value in by_axes(other, name).items()}
        assert by_axes(found, name) == pytest.approx(expected, nan_ok=True)
    assert (found.repeat, found.left) == pytest.approx((other.repeat, other.left))


def sums_by_hand(grid):
    """Shares of axes and pairs from their squared effects, by definition: means minus the effects that they contain."""
    cells = grid.mean(axis=-1)
    grand = cells.mean()
    total = ((grid - grand) ** 2).mean()
    single, found = {}, {}
    for axis in range(cells.ndim):
        for index in range(cells.shape[axis]):
            single[axis, index] = np.take(cells, index, axis=axis).mean() - grand
        found[(axis,)] = np.mean([single[axis, index] ** 2 for index in range(cells.shape[axis])]) / total
    for one, other in itertools.combinations(range(cells.ndim), 2):
        squares = []
        for i, j in itertools.product(range(cells.shape[one]), range(cells.shape[other])):
            both = np.take(np.take(cells, [i], axis=one), [j], axis=other).mean()
            squares.append((both - grand - single[one, i] - single[other, j]) ** 2)
        found[(one, other)] = np.mean(squares) / total
    return found


@given(SHAPES, st.integers(0, 1000))
def test_axes_and_pairs_are_those_summed_by_hand(shape, seed):
    grid = drawn(shape, seed)
    found = shares(grid)
    assert {share.axes: share.raw for share in (*found.axes, *found.pairs)} == pytest.approx(sums_by_hand(grid))


@pytest.mark.parametrize("shape", [(3, 4, 3), (2, 3, 4, 2)])
def test_a_share_is_what_a_linear_model_gains_by_it(shape):
    """R² of ordinary least squares on indicators, with and without the axis or the pair."""
    grid = drawn(shape, 7)
    place = np.indices(shape).reshape(len(shape), -1)

    def indicators(axes):
        sizes = [shape[axis] for axis in axes]
        return np.eye(np.prod(sizes))[np.ravel_multi_index([place[axis] for axis in axes], sizes)]

    def explained(terms):
        inputs = np.hstack([indicators(axes) for axes in terms])
        return LinearRegression().fit(inputs, grid.ravel()).score(inputs, grid.ravel())

    for share in (*shares(grid).axes, *shares(grid).pairs):
        inside = [(axis,) for axis in share.axes] if len(share.axes) > 1 else []
        without = explained(inside) if inside else 0.0
        assert share.raw == pytest.approx(explained([*inside, share.axes]) - without)


def test_an_additive_grid_has_axes_alone():
    grid = np.add.outer(np.array([0.0, 2.0]), np.array([0.0, 3.0, 6.0]))[..., None]
    found = shares(grid)
    assert [share.raw for share in found.axes] == pytest.approx([1 / 7, 6 / 7])
    assert found.pairs[0].raw == pytest.approx(0, abs=1e-15)
    assert np.isnan(found.axes[0].noise) and found.axes[0].without_noise == found.axes[0].raw


def test_an_exclusive_or_has_a_pair_alone_and_a_parity_the_rest():
    signs = np.array([-1.0, 1.0])
    pair = np.broadcast_to(np.multiply.outer(signs, signs)[:, :, None, None], (2, 2, 3, 2))
    found = shares(pair)
    assert by_axes(found, "raw") == pytest.approx(
        {(0,): 0, (1,): 0, (2,): 0, (0, 1): 1, (0, 2): 0, (1, 2): 0, (0, 1, 2): 0}
    )
    parity = np.multiply.outer(np.multiply.outer(signs, signs), signs)[..., None]
    assert shares(parity).rest.raw == pytest.approx(1)


def test_what_a_repeat_does_to_all_alike_is_no_noise_of_theirs():
    grid = np.add.outer(np.array([0.0, 1.0, 5.0]), np.array([0.0, 4.0]))
    found = shares(grid)
    assert found.repeat == pytest.approx(4 / (4 + 14 / 3))
    assert (found.left, found.axes[0].noise) == pytest.approx((0, 0), abs=1e-15)


def test_noise_alone_gives_no_share_on_average_although_every_raw_share_is_above_0():
    found = [shares(drawn((4, 3, 2, 3), seed)) for seed in range(400)]
    for place in range(7):
        raw, corrected = (
            np.array([getattr(all_shares(each)[place], name) for each in found]) for name in ("raw", "without_noise")
        )
        assert raw.min() > 0
        assert abs(corrected.mean()) < 4 * corrected.std() / 20
        assert raw.mean() > 5 * abs(corrected.mean())
    assert np.mean([each.noise + each.repeat for each in found]) == pytest.approx(1, abs=0.02)


def test_a_share_is_right_on_average_however_much_noise_there_is():
    effect = np.array([-1.0, 0.0, 1.0])
    truth = (2 / 3) / (2 / 3 + 4)
    found = []
    for seed in range(600):
        grid = effect[:, None, None] + 2 * drawn((3, 8, 3), seed)
        found.append((shares(grid).axes[0].without_noise, shares(grid).axes[0].raw))
    corrected, raw = np.mean(found, axis=0)
    assert corrected == pytest.approx(truth, abs=0.012)
    assert raw > truth + 0.012


def test_equal_values_have_no_shares():
    assert shares(np.full((2, 3, 2), 4.2)) is None


@given(st.lists(st.integers(0, 3), min_size=3, max_size=8), st.integers(1, 3), st.integers(0, 1000))
def test_what_an_axis_nests_makes_up_its_share(kinds, repeats, seed):
    codes = np.unique(kinds, return_inverse=True)[1]
    grid = drawn((len(kinds), 3, repeats), seed)
    found = shares(grid)
    between, inside = nested_shares(found.main[0], codes)
    parts = [between, *inside.values()]
    assert set(inside) == {each for each in codes if np.sum(codes == each) > 1}
    assert sum(part.raw for part in parts) == pytest.approx(found.axes[0].raw)
    if repeats > 1:
        assert sum(part.without_noise for part in parts) == pytest.approx(found.axes[0].without_noise)


def test_which_kind_and_what_inside_it_are_told_apart():
    effect = np.array([[-3.0], [1.0], [2.0]])
    between, inside = nested_shares(effect, np.array([0, 1, 1]))
    assert between.raw == pytest.approx((9 + 2 * 1.5**2) / 3)
    assert inside[1].raw == pytest.approx((0.25 + 0.25) / 3)
