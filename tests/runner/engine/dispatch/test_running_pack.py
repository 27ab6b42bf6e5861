"""Running packs as the driver sees them: when splitting one pays, and that its halves are the rest of it."""

from types import SimpleNamespace

import pytest
from fitgap.runner.engine.dispatch import running_pack as module
from fitgap.runner.engine.dispatch.running_pack import RunningPack, in_halves, packs_to_cut
from fitgap.runner.engine.worker.examples import PreparedRepeats
from fitgap.runner.engine.worker.pack_trainer import train_pack
from fitgap.runner.messages import Block, PackFailure, TrialEnd
from fitgap.runner.planning.packs import pack_shape, pack_task, planned_trials
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.trial_status import Status


@pytest.fixture
def clock(monkeypatch):
    """The module's clock, which shows `clock.now`."""
    held = SimpleNamespace(now=100.0)
    held.monotonic = lambda: held.now
    monkeypatch.setattr(module, "time", held)
    return held


def task_of(repeats, epochs=100):
    """A pack of `repeats` trials, numbered from 1, and its data set."""
    sweep = prepare_sweep(sweep_from_text(f"{{data: iris, repeats: {repeats}, training: {{epochs: {epochs}}}}}"))
    return pack_task(list(planned_trials(sweep)), pack_shape(sweep.configurations[0], sweep), sweep), sweep.dataset


@pytest.fixture
def told(clock, make_rows):
    """`told(pack, epoch, now)`: report to a pack that its trials have reached this epoch at this time."""

    def tell(pack, epoch, now):
        clock.now = now
        trials = sorted(pack.open)
        pack.update(Block(make_rows(trials, [epoch] * len(trials)), ()))

    return tell


def test_the_time_left_follows_the_pace_of_its_epochs(clock, told):
    pack = RunningPack(task_of(2)[0])
    assert pack.seconds_left() == 0.0
    told(pack, 1, now=110.0)
    assert pack.seconds_left() == 0.0, "one epoch has no pace"
    told(pack, 11, now=115.0)
    assert pack.seconds_left() == pytest.approx(89 * 0.5)
    clock.now += 4.0
    assert pack.seconds_left() == pytest.approx(89 * 0.5 - 4.0)


def test_in_its_last_epoch_nothing_is_gained_by_leaving(told):
    pack = RunningPack(task_of(2)[0])
    told(pack, 98, now=110.0)
    told(pack, 99, now=170.0)
    assert pack.seconds_left() == 0.0


def test_one_that_goes_on_from_a_state_has_the_pace_of_what_it_trains_itself(told):
    """Epochs trained before it started took none of its time."""
    pack = RunningPack(task_of(2)[0])
    told(pack, 51, now=110.0)
    told(pack, 61, now=120.0)
    assert pack.seconds_left() == pytest.approx(39.0)


def test_the_longest_are_cut_one_for_every_idle_worker(told):
    packs = [RunningPack(task_of(4)[0]) for _ in range(3)]
    for pack, epoch in zip(packs, (40, 20, 60), strict=True):
        told(pack, 1, now=100.0)
        told(pack, epoch, now=110.0)
    assert packs_to_cut(packs, 0) == []
    assert packs_to_cut(packs, 1) == [packs[1]]
    assert packs_to_cut(packs, 2) == [packs[1], packs[0]]
    packs[1].is_leaving = True
    assert packs_to_cut(packs, 1) == [], "half of it is for the idle one"
    assert packs_to_cut(packs, 2) == [packs[0]]


def test_what_is_nearly_done_or_has_one_trial_is_left_alone(told):
    alone, nearly_done = RunningPack(task_of(1)[0]), RunningPack(task_of(4)[0])
    for pack in (alone, nearly_done):
        told(pack, 1, now=100.0)
    told(alone, 2, now=110.0)
    told(nearly_done, 91, now=100.0 + 9 * module.WORTH_CUTTING_SECONDS)
    assert alone.seconds_left() > module.WORTH_CUTTING_SECONDS > nearly_done.seconds_left() > 0
    assert packs_to_cut([alone, nearly_done], 2) == []


@pytest.mark.parametrize("epochs_before", [1, 2, 4])
def test_the_halves_of_what_is_left_go_on_as_if_nothing_had_happened(epochs_before):
    task, dataset = task_of(5, epochs=6)
    expected = rows_of(train_pack(task, PreparedRepeats(dataset)))
    pack, seen = RunningPack(task), []
    answers = iter([False] * (epochs_before - 1) + [True])
    pack.is_leaving = True
    blocks = taken_in(pack, train_pack(task, PreparedRepeats(dataset), lambda: next(answers)))
    halves = in_halves(pack.rest())
    assert [half.trials for half in halves] == [(1, 2), (3, 4, 5)]
    for half in halves:
        seen += train_pack(half, PreparedRepeats(dataset))
    assert sorted(rows_of(blocks) + rows_of(seen)) == sorted(expected)


def taken_in(pack, blocks):
    """The blocks, after the pack has been updated with them."""
    blocks = list(blocks)
    for block in blocks:
        pack.update(block)
    return blocks


def rows_of(blocks):
    parts = [block.rows for block in blocks if block.rows is not None]
    return [row for part in parts for row in zip(*(getattr(part, name).tolist() for name in vars(part)), strict=True)]


def test_nothing_is_left_of_what_ended_was_lost_or_was_stopped():
    task, dataset = task_of(2, epochs=3)
    ended, lost, stopped = RunningPack(task), RunningPack(task), RunningPack(task)
    ended.is_leaving = lost.is_leaving = True
    taken_in(ended, train_pack(task, PreparedRepeats(dataset)))
    lost.update(Block(None, (TrialEnd(1, Status.COMPLETED),), failure=PackFailure(task, (2,), "gone")))
    taken_in(stopped, train_pack(task, PreparedRepeats(dataset), lambda: True))
    assert stopped.states.keys() == {1, 2}
    assert ended.rest() == lost.rest() == stopped.rest() == []
