"""Training with compiled passes gives the same bits as with NumPy, no matter when a pack switches to them."""

import sys

import numpy as np
import pytest
from fitgap.core.kernels.selection import kernels
from fitgap.core.losses import HalfSquaredError
from fitgap.core.members import PackShape
from fitgap.core.network_shape import dense_network
from fitgap.core.target_coding import READINGS
from fitgap.core.training import Pack
from hypothesis import given
from hypothesis import strategies as st
from support.core.core_strategies import packs
from support.profiles import share_of_examples


def drawn_members(pack, draw_member):
    shape, _, member_count, seed = pack
    rng = np.random.default_rng(seed)
    return [draw_member(rng, len(shape.network.sizes) - 1) for _ in range(member_count)]


@share_of_examples(0.5)
@given(pack=packs())
def test_a_pack_trains_to_the_same_bits(pack, draw_member, make_repeats, run_training, assert_same_member):
    shape, counts, *_ = pack
    members, examples = drawn_members(pack, draw_member), make_repeats(shape, counts)
    trainings = []
    for choice in ("numpy", "compiled"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kernels, "choice", choice)
            trainings.append(run_training(shape, members, examples))
    assert kernels.failure is None
    for number in range(len(members)):
        assert_same_member(trainings[0], number, trainings[1], number)


@share_of_examples(0.25)
@given(pack=packs(), first=st.integers(1, 3))
def test_a_pack_may_go_over_in_the_middle(pack, first, draw_member, make_repeats):
    shape, counts, *_ = pack
    members, examples = drawn_members(pack, draw_member), make_repeats(shape, counts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "choice", "numpy")
        alone = Pack(shape, members, examples)
        changing = Pack(shape, members, examples)
        for epoch in range(1, 5):
            patch.setattr(kernels, "choice", "numpy")
            expected = alone.run_epoch()
            patch.setattr(kernels, "choice", "numpy" if epoch < first else "compiled")
            results = changing.run_epoch()
            for name in ("e_t", "e_v", "e_t_running", "accuracy_v"):
                np.testing.assert_array_equal(getattr(results, name), getattr(expected, name))
            np.testing.assert_array_equal(alone.networks.parameters, changing.networks.parameters)
            gone = expected.diverged | expected.finished
            if gone.all():
                return
            alone.compact(~gone)
            patch.setattr(kernels, "choice", "numpy" if epoch < first else "compiled")
            changing.compact(~gone)


def test_a_process_without_llvm_trains_to_the_same_bits(
    draw_member, make_repeats, run_training, assert_same_member, monkeypatch
):
    """As on a node of a cluster where llvmlite is not installed."""
    shape = PackShape(dense_network((5, 4, 3)), 8, HalfSquaredError(), READINGS["one_per_class"](), 3, "float32", None)
    members, examples = drawn_members((shape, (), 4, 7), draw_member), make_repeats(shape, (20, 9))
    monkeypatch.setattr(kernels, "choice", "compiled")
    compiled = run_training(shape, members, examples)
    monkeypatch.setattr(kernels, "known", {})
    monkeypatch.setattr(kernels, "failure", None)
    for name in [name for name in sys.modules if name.partition(".")[0] == "llvmlite"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    monkeypatch.delitem(sys.modules, "fitgap.core.kernels.machine_code", raising=False)
    alone = run_training(shape, members, examples)
    assert "llvmlite" in kernels.failure and not kernels.known
    for number in range(len(members)):
        assert_same_member(compiled, number, alone, number)
