"""Cross-fitting of the best epoch, compared with a direct computation from all errors of all epochs."""

import numpy as np
import pytest
from fitgap.core import cross_fit
from fitgap.core.evaluation import Measurer
from fitgap.core.optimizers import GradientDescent
from fitgap.core.repeats import VALIDATION_SIDE
from fitgap.core.training import Pack


def train(pack, epochs):
    """Train a pack; returns E_t (epochs, K) and the errors (epochs, K, N) of all validation examples."""
    e_t, errors = [], []
    measurer = Measurer(*pack.repeats.validation, pack.shape)
    for _ in range(epochs):
        e_t.append(pack.run_epoch().e_t)
        errors.append(measurer.measure(pack.networks, pack.repeats.rows).errors)
    return np.array(e_t), np.array(errors)


@pytest.fixture
def pack(make_member, make_shape, make_repeats):
    shape = make_shape((3, 6, 2), 4)
    members = [
        make_member(optimizer=GradientDescent(rate=rate), repeat=repeat, epochs=30)
        for rate in (0.02, 0.2, 0.5)
        for repeat in (0, 1)
    ]
    return Pack(shape, members, make_repeats(shape, (14, 9)))


def test_every_error_is_of_the_epoch_that_the_other_half_chose(pack):
    e_t, errors = train(pack, 30)
    halves = pack.repeats.divide_validation()
    assert np.unique(pack.member_numbers).size == 6 and not np.array_equal(halves[0], halves[1])
    epochs = set()
    for row, member in enumerate(pack.member_numbers.tolist()):
        second = halves[pack.repeats.rows[row]]
        assert second.sum() == 5
        by_first, by_second = (errors[:, row][:, half].mean(axis=1).argmin() for half in (~second, second))
        honest = pack.honest_errors_of(member)
        expected = np.where(second, errors[by_first, row], errors[by_second, row])
        np.testing.assert_allclose(honest.sample[VALIDATION_SIDE, :9], expected, rtol=1e-6)
        assert honest.e_v == pytest.approx(expected.mean(), rel=1e-12)
        assert honest.e_t == pytest.approx(e_t[[by_first, by_second], row].mean(), rel=1e-12)
        assert honest.sample[0].mean() == pytest.approx(honest.e_t, rel=1e-5)
        epochs |= {by_first, by_second}
    assert len(epochs) > 3


def test_it_is_no_lower_than_the_lowest_error_on_average(pack):
    """The lowest E_v is biased: it is measured on the same examples that chose the epoch."""
    _, errors = train(pack, 30)
    lowest = errors.mean(axis=2).min(axis=0).mean()
    assert np.mean([pack.honest_errors_of(member).e_v for member in range(6)]) > lowest


def test_with_one_validation_example_it_is_unknown(make_member, make_shape, make_repeats):
    shape = make_shape((3, 6, 2), 4)
    pack = Pack(shape, [make_member(epochs=2)], make_repeats(shape, (5, 1)))
    train(pack, 2)
    honest = pack.honest_errors_of(0)
    assert np.isnan(honest.e_v) and np.isnan(honest.e_t) and honest.sample is None


def test_an_epoch_with_an_infinite_error_never_counts(pack):
    for value in (np.inf, np.nan):
        pack.run_epoch()
        before = [pack.honest_errors_of(member).e_v for member in range(6)]
        pack.networks.parameters[:] = value
        pack.run_epoch()
        assert [pack.honest_errors_of(member).e_v for member in range(6)] == before


@pytest.mark.parametrize("waiting", [1, 7])
def test_how_many_epochs_are_searched_at_once_changes_no_bit(waiting, pack, monkeypatch):
    """This includes a member that leaves the pack in between, and memory for only one epoch."""
    states = []
    for most in (cross_fit.MOST_WAITING, waiting):
        monkeypatch.setattr(cross_fit, "MOST_WAITING", most)
        mine = Pack(pack.shape, pack.members, pack.examples)
        train(mine, 10)
        mine.compact(mine.member_numbers != 3)
        train(mine, 11)
        states.append([mine.honest_state_of(member) for member in mine.member_numbers.tolist()])
        assert len(mine.cross_fit.waiting) == 0
    for one, other in zip(*states, strict=True):
        assert all(np.array_equal(mine, its, equal_nan=True) for mine, its in zip(one, other, strict=True))


def test_only_as_much_waits_to_be_searched_as_fits_into_memory(pack, monkeypatch):
    monkeypatch.setattr(cross_fit, "MOST_BYTES", 1)
    train(pack, 1)
    assert pack.cross_fit.waiting == []
