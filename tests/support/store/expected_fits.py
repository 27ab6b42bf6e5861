"""Trials that end with random evidence, and their fits according to the rule."""

import statistics
from types import SimpleNamespace

import numpy as np
from fitgap.core.fit_differences import Errors
from fitgap.core.fit_verdicts import Verdict, fit_of_configuration, fit_of_trial
from fitgap.runner.messages import Block, TrialEnd, TrialEvidence
from fitgap.runner.trial_status import Status

TRAINING_COUNT, VALIDATION_COUNT = 7, 3
FIT = ("excess", "underfit", "overfit")


def draw(rng, level, count):
    return rng.gamma(2.0, level / 2, count).astype(np.float32)


def end_with_evidence(driver, trial, rng, status=Status.COMPLETED, *, is_honest=False):
    """End a trial as a worker does, with errors of single examples whose means are the trial's errors."""
    levels = rng.uniform(0.05, 0.5, 2)
    errors = np.full((2, 2, TRAINING_COUNT), np.nan, np.float32)
    for after in (0, 1):
        for side, count in enumerate((TRAINING_COUNT, VALIDATION_COUNT)):
            errors[after, side, :count] = draw(rng, levels[after], count)
    (best_e_t, best_e_v), (e_t, e_v) = np.nanmean(errors.astype(float), axis=2).tolist()
    if best_e_v > e_v:
        errors[0], best_e_t, best_e_v = errors[1], e_t, e_v
    numbers = {"e_t": e_t, "e_v": e_v, "best_e_t": best_e_t, "best_e_v": best_e_v, "best_epoch": 2, "epochs": 3}
    honest = None
    if is_honest:
        # Somewhat worse than the error at the best epoch appears to be.
        honest = errors[0] * np.float32(1.3)
        numbers |= {"honest_e_t": 1.3 * best_e_t, "honest_e_v": 1.3 * best_e_v}
    driver.claim([trial])
    evidence = () if status is not Status.COMPLETED else (TrialEvidence(trial, {"layers": []}, errors, honest),)
    driver.record(Block(None, (TrialEnd(trial, status, **numbers),), evidence=evidence))
    return {**numbers, "errors": [errors[0], errors[1], honest], "status": status}


BEST, LAST, HONEST = range(3)
NAMES = {BEST: ("best_e_t", "best_e_v"), LAST: ("e_t", "e_v"), HONEST: ("honest_e_t", "honest_e_v")}


def errors_after(written, which):
    samples = written["errors"][which][0], written["errors"][which][1, :VALIDATION_COUNT]
    return Errors(*(written[name] for name in NAMES[which]), TRAINING_COUNT, VALIDATION_COUNT, *samples)


def reference_of(groups):
    """The best of the configurations whose repeats have all completed, and which of its errors count."""
    ends = [written for group in groups.values() for _, written in group.values()]
    epochs = (HONEST, LAST) if all("honest_e_v" in each for each in ends) else (BEST,)
    found = [
        (statistics.fmean(written[NAMES[which][1]] for _, written in group.values()), number, which)
        for number, group in groups.items()
        for which in epochs
    ]
    return min(found)[1:]


DIVERGED = SimpleNamespace(excess=None, underfit=None, overfit=None, verdict=Verdict.DIVERGED)


def expected_fits(groups):
    """The fits by trial and by configuration, from what was written: {configuration: {repeat: (trial, written)}}."""
    whole = {
        number: group
        for number, group in groups.items()
        if all(written["status"] is Status.COMPLETED for _, written in group.values())
    }
    best, which = reference_of(whole)
    trials, configurations = {}, {}
    for number, group in groups.items():
        pairs = []
        for repeat, (trial, written) in group.items():
            if written["status"] is Status.COMPLETED:
                pairs.append((errors_after(written, LAST), errors_after(whole[best][repeat][1], which)))
                trials[trial] = fit_of_trial(*pairs[-1])
        if len(pairs) < len(group):
            configurations[number] = DIVERGED
        elif pairs:
            configurations[number] = fit_of_configuration(pairs)
    return best, trials, configurations
