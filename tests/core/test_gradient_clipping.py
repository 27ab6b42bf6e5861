"""Gradients are scaled down to a maximum norm, for each member separately."""

from dataclasses import replace

import numpy as np
import pytest
from fitgap.core.gradient_clipping import clip_rows, norms_of
from fitgap.core.members import PackShape
from fitgap.core.optimizers import OPTIMIZERS, Adam
from fitgap.core.target_coding import Numbers
from fitgap.runner.spec.configuration import Choice
from support.core.trainings import same


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_above_the_largest_norm_are_scaled_to_it(dtype):
    gradient = np.array([[3.0, 4.0, 0.0, 12.0], [0.3, 0.4, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]], dtype)
    clip_rows(gradient, 2.0, 3)
    np.testing.assert_allclose(gradient[0], np.array([3, 4, 0, 12]) * 2 / 13, rtol=1e-6)
    assert gradient[1].tolist() == np.array([0.3, 0.4, 0.0, 0.0], dtype).tolist()
    assert not gradient[2].any()


def test_a_row_that_is_not_finite_stays_so_and_touches_no_other():
    gradient = np.array([[np.inf, 1.0], [np.nan, 1.0], [0.5, 0.5]])
    with np.errstate(all="ignore"):
        clip_rows(gradient, 1.0, 2)
    assert np.isnan(gradient[0, 0]) and np.isnan(gradient[1]).all() and gradient[2].tolist() == [0.5, 0.5]


def test_columns_of_other_members_change_no_bit():
    rng = np.random.default_rng(1)
    own = rng.normal(size=(5, 40)).astype(np.float32)
    wide = np.zeros((5, 64), np.float32)
    wide[:, :37], wide[:, [41, 50, 51]] = own[:, :37], own[:, 37:]
    alone = np.concatenate([norms_of(own[row : row + 1], 37) for row in range(5)])
    assert norms_of(wide, 37).tolist() == norms_of(own, 37).tolist() == alone.tolist()


def test_an_unreached_limit_changes_no_bit(make_member, run_training, make_shape):
    """A limit that is reached does change the steps."""
    shape: PackShape = make_shape((3, 4, 2), 4)
    assert shape.reading == Numbers()
    rng = np.random.default_rng(2)
    from support.core.layered import drawn_examples

    examples = {0: drawn_examples(shape, (12, 5), int(rng.integers(9)))}
    member = make_member(optimizer=Adam(rate=0.01), epochs=3)
    members = [replace(member, optimizer=Adam(rate=0.01, clip=clip)) for clip in (0.0, 1e6, 1e-3)]
    result = run_training(shape, members, examples)
    assert same(result.parameters[0], result.parameters[1])
    assert not same(result.parameters[0], result.parameters[2])


@pytest.mark.parametrize("name", sorted(set(OPTIMIZERS) - {"fixed"}))
def test_without_clipping_settings_are_those_of_earlier_versions(name):
    kind = OPTIMIZERS[name]
    assert "clip" not in Choice(name, kind()).canonical() and "clip" not in kind().label(name)
    clipped = Choice(name, kind(clip=1))
    assert clipped.canonical()["clip"] == 1.0 and "clip=1" in clipped.label
    assert Choice.from_canonical(clipped.canonical(), OPTIMIZERS) == clipped
