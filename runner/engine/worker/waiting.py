"""The summary of a trial that waits at a rung, in a sweep that prunes."""

from fitgap.core.results import EpochResults
from fitgap.runner.messages import TrialEnd
from fitgap.runner.trial_status import Status


def waiting_end(results: EpochResults, position: int, trial: int, best: tuple[int, float, float]) -> TrialEnd:
    """The results so far of the trial at `position`; `best` is its best epoch with E_t and E_v there."""
    best_epoch, best_e_t, best_e_v = best
    return TrialEnd(
        trial_id=trial,
        status=Status.PENDING,
        epochs=results.epoch,
        e_t=float(results.e_t[position]),
        e_v=float(results.e_v[position]),
        best_epoch=best_epoch or None,
        best_e_t=best_e_t,
        best_e_v=best_e_v,
        accuracy_t=float(results.accuracy_t[position]),
        accuracy_v=float(results.accuracy_v[position]),
    )
