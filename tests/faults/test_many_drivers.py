"""Several drivers on one sweep: they share its trials, train none twice, and never fail because of a lock."""

import json
import random
import time
from contextlib import ExitStack

import pytest
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.trial_status import Status
from support.databases.plain_plans import plain_plan
from support.faults.children import PATIENCE_SECONDS, child, nursery, outcome
from support.faults.claimers import claim_all
from support.faults.evidence import Evidence
from support.faults.victims import run, run_when_all_are_ready, write_ahead
from support.sampling import at_night, on_sqlite_per_commit

CLAIMERS = 8


@on_sqlite_per_commit
@pytest.mark.parametrize("trials", [1_500, at_night(5_000)])
def test_eight_drivers_claim_every_trial_once_and_nobody_meets_a_lock(trials, databases, database_kind, tmp_path):
    """All of them claim the same packs in the same order, with nothing to do in between."""
    address = databases.make()
    with open_store_for_writing(address) as store:
        store.add_sweep(plain_plan(trials))
    start = nursery().Barrier(CLAIMERS)
    names = [f"claimer-{number}" for number in range(CLAIMERS)]
    with ExitStack() as stack:
        processes = [stack.enter_context(child(claim_all, address, tmp_path, name, start)) for name in names]
        for process in processes:
            process.join(PATIENCE_SECONDS)
        assert [process.exitcode for process in processes] == [0] * CLAIMERS
    told = [json.loads((tmp_path / name).read_text()) for name in names]
    gained = [trial for each in told for trial in each["gained"]]
    assert len(gained) == len(set(gained)) == trials
    found = Evidence(address)
    assert found.counts == {"running": trials}
    assert set(found.attempts.values()) == {1}
    assert sorted(map(sorted, found.held.values())) == sorted(each["gained"] for each in told if each["gained"])
    seconds = sorted(second for each in told for second in each["seconds"])
    slowest_of_a_hundred = seconds[len(seconds) * 99 // 100]
    print(f"{database_kind}: {CLAIMERS} drivers at once, 99 of 100 claims within {slowest_of_a_hundred * 1e3:.0f} ms")


@on_sqlite_per_commit
def test_drivers_that_start_together_share_a_sweep(new_victim, undisturbed_export):
    """Each trial is trained once, by one of them, and all drivers stay until the last trial has ended."""
    first = new_victim(pause=0.02)
    write_ahead(first)
    victims = [first, *(new_victim(again=first, pause=0.02) for _ in range(3))]
    start = nursery().Barrier(len(victims))
    with ExitStack() as stack:
        processes = [stack.enter_context(child(run_when_all_are_ready, victim, start)) for victim in victims]
        for process, victim in zip(processes, victims, strict=True):
            process.join(PATIENCE_SECONDS)
            assert process.exitcode == 0, victim.complaint
    found = Evidence(first.address)
    found.check_whole()
    assert found.export == undisturbed_export
    assert set(found.attempts.values()) == {1}
    assert sum(1 for victim in victims if victim.acknowledged) > 1
    shown = [epoch for victim in victims for epoch in victim.acknowledged]
    assert len(shown) == len(set(shown)) == len(found.epochs)


@on_sqlite_per_commit
def test_trials_are_cancelled_and_opened_again_while_drivers_train_them(new_victim, undisturbed_export):
    """Any trials, many times: no driver breaks, no trial ends with epochs missing, and in the end all are finished."""
    first = new_victim(pause=0.05)
    sweep = write_ahead(first)
    victims = [first, new_victim(again=first, pause=0.05)]
    luck = random.Random(3)
    with ExitStack() as stack, open_store_for_writing(first.address) as store:
        processes = [stack.enter_context(child(run, victim)) for victim in victims]
        trials = [row["trial"] for row in store.trials(sweep)]
        times = 0
        while any(process.is_alive() for process in processes):
            times += store.cancel_trials(sweep, luck.sample(trials, 3))
            time.sleep(luck.uniform(0, 0.05))
            store.retry_trials(sweep, [Status.CANCELLED])
        assert times > 10
        assert [process.exitcode for process in processes] == [0, 0], victims[0].complaint + victims[1].complaint
        store.retry_trials(sweep, [Status.CANCELLED])
    last = new_victim(again=first)
    assert outcome(run, last) == 0, last.complaint
    found = Evidence(first.address)
    assert found.counts == {"completed": 8, "diverged": 8} and found.gaps == []
    assert found.export == undisturbed_export
