"""The builder of a pack's blocks: epochs since the last block, ends of trials, states to resume from."""

import time
from dataclasses import replace

import numpy as np
from fitgap.core.cross_fit import HonestErrors
from fitgap.core.final_metrics import MemberMetrics
from fitgap.core.layer_statistics import as_plain
from fitgap.core.training import EpochPart, EpochResults, Pack
from fitgap.runner.engine.worker.member_summaries import MemberSummaries
from fitgap.runner.engine.worker.recorder import Recorder, as_array, from_array
from fitgap.runner.engine.worker.waiting import waiting_end
from fitgap.runner.messages import (
    Block,
    KeptNetwork,
    PackFailure,
    PackTask,
    SavedState,
    TrialEnd,
    TrialEvidence,
)
from fitgap.runner.trial_status import Status

# Seconds between blocks, so that other programs can watch a sweep grow.
BLOCK_SECONDS = 0.5
# Seconds between saved states: at most this much training is repeated if a driver or worker dies.
STATE_SECONDS = 60.0
# The name of the array of a saved state with the epochs that the recorder holds back.
HELD_ROWS = "held_rows"


def reason_of(results: EpochResults, position: int, restored: KeptNetwork | None) -> str | None:
    """Why the member at a position has ended, and which network was restored; None if it trained all its epochs."""
    if results.diverged[position]:
        return f"an error was no longer finite after epoch {results.epoch}"
    parts = [results.stopped_because[position], restored and f"the network of epoch {restored.epoch} was restored"]
    return "; ".join(part for part in parts if part) or None


class BlockBuilder:
    """Collects what happened to a pack since its last block."""

    def __init__(self, task: PackTask):
        self.task = task
        self.trials = np.array(task.trials)
        self.summaries = MemberSummaries(task)
        self.open = np.ones(len(task.trials), bool)
        # Results of members that have just completed.
        self.honest: dict[int, HonestErrors] = {}
        self.metrics: dict[int, MemberMetrics] = {}
        self.recorder = Recorder(task.recording, self.trials)
        self.ended: list[TrialEnd] = []
        self.kept: list[KeptNetwork] = []
        self.evidence: list[TrialEvidence] = []
        self.states: list[SavedState] = []
        self.part: tuple[np.ndarray, float] | None = None
        self.last_epoch_at = self.last_states_at = self.last_block_at = time.monotonic()
        self.has_sent_epochs = False
        for member, state in enumerate(task.states):
            if HELD_ROWS in state:
                held = from_array(int(self.trials[member]), state[HELD_ROWS])
                self.recorder.restore(held, int(self.summaries.best_epoch[member]))

    def add(self, results: EpochResults, pack: Pack) -> None:
        """Add an epoch that the pack has just trained."""
        now = time.monotonic()
        self.part = None
        members = results.members
        self.summaries.seconds[members] += (now - self.last_epoch_at) / len(members)
        self.last_epoch_at = now
        self.recorder.add(results, self.summaries.remember_best(results, pack))
        completed = np.flatnonzero(results.finished & ~results.diverged)
        if completed.size:
            self.metrics = dict(zip(members[completed].tolist(), pack.metrics.of(completed), strict=True))
        for position in np.flatnonzero(results.diverged | results.finished):
            self._end(results, int(position), pack)
        if self.task.legs:
            self._pause(results, pack)
        if completed.size:
            self._note_evidence(members, completed, pack)

    def _pause(self, results: EpochResults, pack: Pack) -> None:
        """Let the open members that have reached their rungs leave the pack, with their states."""
        legs = np.array([leg or 0 for leg in self.task.legs])
        rows = np.flatnonzero((legs[results.members] == results.epoch) & self.open[results.members])
        if not rows.size:
            return
        for position, errors in zip(rows.tolist(), pack.evidence.best_errors(rows), strict=True):
            member = int(results.members[position])
            self.states.append(self._state(member, pack, errors))
            end = waiting_end(results, position, int(self.trials[member]), self.summaries.best_of(member))
            self.ended.append(replace(end, seconds=float(self.summaries.seconds[member])))
            self.open[member] = False
            pack.leaving.add(member)

    def add_part(self, part: EpochPart) -> None:
        """Note the progress within an unfinished epoch."""
        self.part = (self.trials[part.members], part.share)

    def save_states(self, pack: Pack) -> None:
        """Save the states of all open members, after an epoch."""
        self.last_states_at = time.monotonic()
        still_open = set(self.trials[self.open].tolist())
        # Keep the states of trials that have just ended: they still have to be stored.
        self.states = [state for state in self.states if state.trial_id not in still_open]
        rows = np.flatnonzero(self.open[pack.member_numbers])
        for member, errors in zip(pack.member_numbers[rows].tolist(), pack.evidence.best_errors(rows), strict=True):
            self.states.append(self._state(member, pack, errors))

    def _state(self, member: int, pack: Pack, errors: np.ndarray | None) -> SavedState:
        """The state of a member after the last epoch; `errors` are those of the sampled examples at its best epoch."""
        trial = int(self.trials[member])
        arrays = self.summaries.arrays_of(member, pack, errors)
        held = self.recorder.held(trial)
        if held:
            arrays[HELD_ROWS] = as_array(held)
        return SavedState(trial, pack.epoch, arrays)

    def _note_evidence(self, members: np.ndarray, completed: np.ndarray, pack: Pack) -> None:
        """Collect the evidence for the verdicts on completed members, given their rows in the pack."""
        found = pack.evidence
        best, last, layers = found.best_errors(completed), found.last_errors(completed), found.statistics(completed)
        for row, member in enumerate(members[completed].tolist()):
            before = best[row]
            # A state saved by an earlier version has no errors of its best epoch.
            after = before if self.summaries.restores_best[member] and before is not None else last[row]
            errors = np.stack([np.full_like(after, np.nan) if before is None else before, after])
            honest = self.honest.pop(member).sample
            statistics = {"layers": as_plain(layers[row])}
            self.evidence.append(TrialEvidence(int(self.trials[member]), statistics, errors, honest))

    def _end(self, results: EpochResults, position: int, pack: Pack) -> None:
        member = int(results.members[position])
        diverged = bool(results.diverged[position])
        self.open[member] = False
        self.recorder.end(int(self.trials[member]), results.epoch, int(self.summaries.best_epoch[member]) or None)
        if self.task.keep == "state":
            (errors,) = pack.evidence.best_errors(np.array([position]))
            self.states.append(self._state(member, pack, errors))
        best = self.summaries.best_networks.pop(member, None)
        restored = None if diverged or not self.summaries.restores_best[member] else best
        if restored is not None:
            pack.put_parameters(member, restored.parameters)
        if self.task.keep in ("last", "state"):
            self.kept.append(restored or self.summaries.network(member, results.epoch, pack))
        elif best is not None and self.task.keep == "best":
            self.kept.append(best)
        best_epoch, best_e_t, best_e_v = self.summaries.best_of(member)
        honest = pack.honest_errors_of(member)
        if not diverged:
            self.honest[member] = honest
        self.ended.append(
            TrialEnd(
                trial_id=int(self.trials[member]),
                status=Status.DIVERGED if diverged else Status.COMPLETED,
                epochs=results.epoch,
                best_epoch=best_epoch or None,
                best_e_t=best_e_t,
                best_e_v=best_e_v,
                honest_e_t=honest.e_t,
                honest_e_v=honest.e_v,
                seconds=float(self.summaries.seconds[member]),
                learned=pack.learned_by(member) or None,
                reason=reason_of(results, position, restored),
                metrics={} if diverged else self._metrics(member),
                confusion=None if diverged else self.metrics[member].confusion,
                recognized=None if diverged else self.metrics[member].recognized,
                best_recognized=None if diverged else self.metrics[member].best_recognized,
                **self.summaries.final_measures(results, position, restored),
            )
        )

    def _metrics(self, member: int) -> dict[str, float]:
        """The metrics of a member that has just completed, under the names of the store's columns."""
        found = self.metrics[member]
        return {
            **{f"{name}_t": value for name, value in found.training.items()},
            **{f"{name}_v": value for name, value in found.validation.items()},
            "best_accuracy_v": float(self.summaries.best_accuracy[member, 1]),
            **{f"best_{name}_v": value for name, value in found.at_best.items()},
        }

    def failure(self, reason: str, *, is_certain: bool = False) -> PackFailure:
        """The failure of all members that are still open."""
        return PackFailure(self.task, tuple(self.trials[self.open].tolist()), reason, is_certain)

    def states_are_due(self) -> bool:
        return time.monotonic() - self.last_states_at >= STATE_SECONDS

    def is_due(self) -> bool:
        # Send the first epoch at once to show that training works, unless other packs are likely to show it.
        is_first = self.recorder.has_news and not self.has_sent_epochs and not self.task.block_seconds
        return is_first or time.monotonic() - self.last_block_at >= max(BLOCK_SECONDS, self.task.block_seconds)

    def has_news(self) -> bool:
        return self.recorder.has_news or bool(self.ended)

    def block(self, failure: PackFailure | None = None) -> Block:
        """A block with everything since the last one."""
        self.has_sent_epochs |= self.recorder.has_news
        rows, counted = self.recorder.take()
        news = (
            tuple(self.ended),
            tuple(self.kept),
            self.part,
            tuple(self.states),
            failure,
            tuple(self.evidence),
            counted,
        )
        self.ended, self.kept, self.states, self.evidence = [], [], [], []
        self.last_block_at = time.monotonic()
        return Block(rows, *news)
