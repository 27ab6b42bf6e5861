"""Batches of a pack: the right examples for every member, whether or not members share them."""

import numpy as np
import pytest
from fitgap.core import batches as batches_module
from fitgap.core.batches import batches, batches_in_order, shares_of
from fitgap.core.network_shape import dense_network
from fitgap.core.parameter_layout import Layout
from fitgap.core.workspace import Workspace
from hypothesis import given
from hypothesis import strategies as st
from support.profiles import share_of_examples

REPEATS = st.one_of(
    st.lists(st.integers(0, 3), min_size=1, max_size=20),
    # As in sweeps: all repeats of a configuration, then those of the next, starting and ending anywhere.
    st.builds(lambda count, first, length: [(first + n) % count for n in range(length)], *[st.integers(1, 24)] * 3),
)


@share_of_examples(5)
@given(REPEATS)
def test_every_member_has_the_batch_of_its_repeat(repeats):
    """The shares contain all members in order. If there are none, every member has a copy."""
    batch = np.arange(max(repeats) + 1)
    found = []
    for share in shares_of(repeats):
        members = np.arange(len(repeats))
        view = share.of_members(members)
        assert np.shares_memory(view, members)
        assert view.ravel().tolist() == list(range(len(repeats)))[share.rows]
        found += np.broadcast_to(batch[share.repeats], view.shape).ravel().tolist()
    assert found in ([], repeats)


@pytest.mark.parametrize(
    ("repeats", "found"),
    [
        ([0], [(slice(0, 1), slice(0, 1), 1)]),
        ([0, 0, 0, 1, 1, 1, 1, 1], [(slice(0, 3), slice(0, 1), 3), (slice(3, 8), slice(1, 2), 5)]),
        ([0, 1, 2] * 4, [(slice(0, 12), slice(0, 3), 4)]),
        ([1, 2, *[0, 1, 2] * 2], [(slice(0, 2), slice(1, 3), 1), (slice(2, 8), slice(0, 3), 2)]),
        ([2, 1, 0, 2, 1, 0], []),
    ],
)
def test_members_of_a_sweep_share_in_few_shares(repeats, found):
    """This includes packs that begin or end in the middle of a configuration, but not shares of fewer than four
    members.
    """
    assert [(share.rows, share.repeats, share.cycles) for share in shares_of(repeats)] == found


@given(st.integers(1, 3), st.integers(1, 40), st.integers(1, 9), st.sampled_from([1, 100, 10**6]))
def test_batches_hold_the_rows_in_their_order(repeat_count, example_count, size, gathered_bytes):
    """However many batches are gathered at once; the last one contains the rest."""
    rng = np.random.default_rng(example_count)
    inputs = rng.normal(size=(repeat_count, example_count, 3))
    targets = rng.normal(size=(repeat_count, example_count, 2))
    order = np.stack([rng.permutation(example_count) for _ in range(repeat_count)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches_module, "GATHERED_BYTES", gathered_bytes)
        found = list(batches((list(inputs), list(targets)), order, size))
    assert [each[0].shape[1] for each in found[:-1]] == [size] * (len(found) - 1)
    for part, table in enumerate((inputs, targets)):
        expected = np.take_along_axis(table, order[..., None], axis=1)
        assert np.array_equal(np.concatenate([each[part] for each in found], axis=1), expected)


@pytest.mark.parametrize(("example_count", "size"), [(1, 1), (5, 9), (6, 3), (7, 3)])
def test_batches_in_order_are_those_of_that_order(example_count, size):
    rng = np.random.default_rng(2)
    tables = tuple([rng.normal(size=(example_count, columns)) for _ in range(3)] for columns in (4, 2))
    order = np.broadcast_to(np.arange(example_count), (3, example_count))
    pairs = zip(batches_in_order(tables, size), batches(tables, order, size), strict=True)
    assert all(np.array_equal(mine, theirs) for pair in pairs for mine, theirs in zip(*pair, strict=True))


@pytest.mark.parametrize("repeats", [[0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 0, 1], [1, 0, 1, 1]])
@pytest.mark.parametrize("own_inputs", [False, True])
@pytest.mark.parametrize("by_unit", [False, True])
def test_a_workspace_takes_what_its_members_need(repeats, own_inputs, by_unit):
    """Three repeats; each member has its own inputs, or shares them with others."""
    inputs, targets = (np.random.default_rng(1).normal(size=(3, 5, units)) for units in (2, 4))
    layout = Layout(dense_network((2, 3, 4)))
    work = Workspace(4, 5, layout, "float64", np.array(repeats), own_inputs=own_inputs, by_unit=by_unit)
    work.load_batch(inputs, targets)
    assert np.array_equal(work.targets, targets[repeats])
    shared = repeats != [1, 0, 1, 1] and not own_inputs
    assert np.array_equal(work.inputs, inputs[: max(repeats) + 1] if shared else inputs[repeats])
