"""The builder of a pack's blocks: epochs since the last block, summaries of members, states to resume from."""

import time
from dataclasses import replace

import numpy as np
from fitgap.core.cross_fit import HonestErrors
from fitgap.core.final_metrics import MemberMetrics
from fitgap.core.layer_statistics import as_plain
from fitgap.core.training import EpochPart, EpochResults, Pack
from fitgap.runner.engine.worker.recorder import Recorder, as_array, from_array
from fitgap.runner.engine.worker.waiting import waiting_end
from fitgap.runner.messages import (
    Arrays,
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
# Names of the arrays that a saved state contains in addition to the member's own.
SUMMARY = "summary"
BEST_NETWORK = "best_network"
BEST_ERRORS = "best_errors"
BEST_ACCURACY = "best_accuracy"
HONEST, HONEST_ERRORS = "honest", "honest_errors"
HELD_ROWS = "held_rows"
# The parameters after the best epoch.
BEST_PARAMETERS = "best_parameters"


# The measures of the network that a trial ends with.
FINAL = ("e_t", "e_v", "accuracy_t", "accuracy_v")


def reason_of(results: EpochResults, position: int, restored: KeptNetwork | None) -> str | None:
    """Why the member at a position has ended, and which network was restored; None if it trained all its epochs."""
    if results.diverged[position]:
        return f"an error was no longer finite after epoch {results.epoch}"
    parts = [results.stopped_because[position], restored and f"the network of epoch {restored.epoch} was restored"]
    return "; ".join(part for part in parts if part) or None


class BlockBuilder:
    """Collects a pack's epochs for the next block and keeps a summary of each member."""

    def __init__(self, task: PackTask):
        self.task = task
        self.trials = np.array(task.trials)
        count = len(task.trials)
        self.best_e_v = np.full(count, np.inf)
        self.best_e_t = np.full(count, np.nan)
        self.best_epoch = np.zeros(count, int)
        # Of members that end with the network of their best epoch: accuracies of that epoch on both sides.
        self.restores_best = np.array([member.restores_best for member in task.members], bool)
        self.best_accuracy = np.full((count, 2), np.nan)
        self.seconds = np.zeros(count)
        self.open = np.ones(count, bool)
        self.best_networks: dict[int, KeptNetwork] = {}
        # Errors of the sampled examples after the best epoch, for members whose best epoch was before this pack.
        self.errors_before: dict[int, np.ndarray] = {}
        # Of members that have just completed.
        self.honest: dict[int, HonestErrors] = {}
        self.metrics: dict[int, MemberMetrics] = {}
        # The cross-fitted best epochs before this pack: numbers and errors of the sampled examples.
        self.honest_before: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self.recorder = Recorder(task.recording, self.trials)
        self.ended: list[TrialEnd] = []
        self.kept: list[KeptNetwork] = []
        self.evidence: list[TrialEvidence] = []
        self.states: list[SavedState] = []
        self.part: tuple[np.ndarray, float] | None = None
        self.last_epoch_at = self.last_states_at = self.last_block_at = time.monotonic()
        self.has_sent_epochs = False
        for member, state in enumerate(task.states):
            self._restore(member, state)

    def _restore(self, member: int, state: Arrays) -> None:
        """Restore the summary of a member from its saved state."""
        best_e_v, best_e_t, best_epoch, seconds = state[SUMMARY].tolist()
        self.best_e_v[member], self.best_e_t[member] = best_e_v, best_e_t
        self.best_epoch[member], self.seconds[member] = int(best_epoch), seconds
        if BEST_NETWORK in state:
            network = KeptNetwork(int(self.trials[member]), int(best_epoch), state[BEST_NETWORK])
            self.best_networks[member] = network
        if BEST_ACCURACY in state:
            self.best_accuracy[member] = state[BEST_ACCURACY]
        if BEST_ERRORS in state:
            self.errors_before[member] = state[BEST_ERRORS]
        if HONEST in state:
            self.honest_before[member] = state[HONEST], state[HONEST_ERRORS]
        if HELD_ROWS in state:
            self.recorder.restore(from_array(int(self.trials[member]), state[HELD_ROWS]), int(best_epoch))

    def restore_best(self, pack: Pack) -> None:
        """Give the pack the parameters after the best epochs before this pack, as far as they were saved."""
        for member, state in enumerate(self.task.states):
            saved = state.get(BEST_PARAMETERS, state.get(BEST_NETWORK))
            if saved is None and self.best_epoch[member] == pack.epoch:
                saved = pack.parameters_of(member)
            if saved is not None:
                pack.restore_best(member, int(self.best_epoch[member]), saved)

    def add(self, results: EpochResults, pack: Pack) -> None:
        """Add an epoch that the pack has just trained."""
        now = time.monotonic()
        self.part = None
        members = results.members
        self.seconds[members] += (now - self.last_epoch_at) / len(members)
        self.last_epoch_at = now
        self.recorder.add(results, self._remember_best(results, pack))
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
            best = int(self.best_epoch[member]), float(self.best_e_t[member]), float(self.best_e_v[member])
            end = waiting_end(results, position, int(self.trials[member]), best)
            self.ended.append(replace(end, seconds=float(self.seconds[member])))
            self.open[member] = False
            pack.leaving.add(member)

    def add_part(self, part: EpochPart) -> None:
        """Note the progress within an unfinished epoch."""
        self.part = (self.trials[part.members], part.share)

    def save_states(self, pack: Pack) -> None:
        """Save the states of all open members, after an epoch."""
        self.last_states_at = time.monotonic()
        still_open = set(self.trials[self.open].tolist())
        # Keep the states of trials that have just ended, which are to be stored.
        self.states = [state for state in self.states if state.trial_id not in still_open]
        rows = np.flatnonzero(self.open[pack.member_numbers])
        for member, errors in zip(pack.member_numbers[rows].tolist(), pack.evidence.best_errors(rows), strict=True):
            self.states.append(self._state(member, pack, errors))

    def _state(self, member: int, pack: Pack, errors: np.ndarray | None) -> SavedState:
        best = self.best_e_v[member], self.best_e_t[member], self.best_epoch[member]
        arrays = {**pack.state_of(member).to_arrays(), SUMMARY: np.array([*best, self.seconds[member]], np.float64)}
        if member in self.best_networks:
            arrays[BEST_NETWORK] = self.best_networks[member].parameters
        if member not in self.best_networks and self.best_epoch[member] not in (0, pack.epoch):
            parameters = pack.best_parameters_of(member)
            if parameters is not None:
                arrays[BEST_PARAMETERS] = parameters
        arrays[BEST_ACCURACY] = self.best_accuracy[member].copy()
        if errors is not None:
            arrays[BEST_ERRORS] = errors
        honest = pack.honest_state_of(member)
        if honest is not None:
            arrays[HONEST], arrays[HONEST_ERRORS] = honest
        held = self.recorder.held(int(self.trials[member]))
        if held:
            arrays[HELD_ROWS] = as_array(held)
        return SavedState(int(self.trials[member]), pack.epoch, arrays)

    def _remember_best(self, results: EpochResults, pack: Pack) -> np.ndarray:
        """The positions of the members for which this is the best epoch so far."""
        # NaN compares as false. A diverged epoch never counts, even if one of its two errors is finite.
        better = (results.e_v < self.best_e_v[results.members]) & ~results.diverged
        members = results.members[better]
        self.best_e_v[members] = results.e_v[better]
        self.best_e_t[members] = results.e_t[better]
        self.best_epoch[members] = results.epoch
        self.best_accuracy[members] = np.column_stack([results.accuracy_t[better], results.accuracy_v[better]])
        if members.size:
            pack.metrics.remember_best(np.flatnonzero(better))
            pack.evidence.remember_best(np.flatnonzero(better))
        remembered = members if self.task.keep == "best" else members[self.restores_best[members]]
        self.best_networks |= {int(member): self._network(int(member), results.epoch, pack) for member in remembered}
        return np.flatnonzero(better)

    def _note_evidence(self, members: np.ndarray, completed: np.ndarray, pack: Pack) -> None:
        """Collect the evidence for the verdicts on completed members, given their rows in the pack."""
        found = pack.evidence
        best, last, layers = found.best_errors(completed), found.last_errors(completed), found.statistics(completed)
        for row, member in enumerate(members[completed].tolist()):
            before = best[row]
            # A state saved by an earlier version has no errors of its best epoch.
            after = before if self.restores_best[member] and before is not None else last[row]
            errors = np.stack([np.full_like(after, np.nan) if before is None else before, after])
            honest = self.honest.pop(member).sample
            statistics = {"layers": as_plain(layers[row])}
            self.evidence.append(TrialEvidence(int(self.trials[member]), statistics, errors, honest))

    def _network(self, member: int, epoch: int, pack: Pack) -> KeptNetwork:
        return KeptNetwork(int(self.trials[member]), epoch, pack.parameters_of(member))

    def _end(self, results: EpochResults, position: int, pack: Pack) -> None:
        member = int(results.members[position])
        diverged = bool(results.diverged[position])
        self.open[member] = False
        self.recorder.end(int(self.trials[member]), results.epoch, int(self.best_epoch[member]) or None)
        if self.task.keep == "state":
            (errors,) = pack.evidence.best_errors(np.array([position]))
            self.states.append(self._state(member, pack, errors))
        best = self.best_networks.pop(member, None)
        restored = None if diverged or not self.restores_best[member] else best
        if restored is not None:
            pack.put_parameters(member, restored.parameters)
        if self.task.keep in ("last", "state"):
            self.kept.append(restored or self._network(member, results.epoch, pack))
        elif best is not None and self.task.keep == "best":
            self.kept.append(best)
        honest = pack.honest_errors_of(member)
        if not diverged:
            self.honest[member] = honest
        self.ended.append(
            TrialEnd(
                trial_id=int(self.trials[member]),
                status=Status.DIVERGED if diverged else Status.COMPLETED,
                epochs=results.epoch,
                best_epoch=int(self.best_epoch[member]) or None,
                best_e_t=float(self.best_e_t[member]),
                best_e_v=float(self.best_e_v[member]),
                honest_e_t=honest.e_t,
                honest_e_v=honest.e_v,
                seconds=float(self.seconds[member]),
                learned=pack.learned_by(member) or None,
                reason=reason_of(results, position, restored),
                metrics={} if diverged else self._metrics(member),
                confusion=None if diverged else self.metrics[member].confusion,
                recognized=None if diverged else self.metrics[member].recognized,
                best_recognized=None if diverged else self.metrics[member].best_recognized,
                **self._final_measures(results, position, restored),
            )
        )

    def _metrics(self, member: int) -> dict[str, float]:
        """The metrics of a member that has just completed, under the names of the store's columns."""
        found = self.metrics[member]
        return {
            **{f"{name}_t": value for name, value in found.training.items()},
            **{f"{name}_v": value for name, value in found.validation.items()},
            "best_accuracy_v": float(self.best_accuracy[member, 1]),
            **{f"best_{name}_v": value for name, value in found.at_best.items()},
        }

    def _final_measures(self, results: EpochResults, position: int, restored: KeptNetwork | None) -> dict[str, float]:
        """The errors and accuracies of the network that a member ends with."""
        if restored is None:
            return {name: float(getattr(results, name)[position]) for name in FINAL}
        member = int(results.members[position])
        errors = self.best_e_t[member], self.best_e_v[member]
        return dict(zip(FINAL, map(float, (*errors, *self.best_accuracy[member])), strict=True))

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
        """The block of everything since the last one."""
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
