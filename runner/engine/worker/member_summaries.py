"""The summaries that a worker keeps of a pack's members: best epoch, training time, and best network if it is kept.

Summaries are part of a member's saved state, so that they continue when the member resumes.
"""

import numpy as np
from fitgap.core.training import EpochResults, Pack
from fitgap.runner.messages import Arrays, KeptNetwork, PackTask

# Names of the arrays that a saved state contains in addition to the member's own.
SUMMARY = "summary"
BEST_NETWORK = "best_network"
BEST_ERRORS = "best_errors"
BEST_ACCURACY = "best_accuracy"
HONEST, HONEST_ERRORS = "honest", "honest_errors"
# The parameters after the best epoch, if no network is kept.
BEST_PARAMETERS = "best_parameters"
# The measures of the network that a trial ends with.
FINAL = ("e_t", "e_v", "accuracy_t", "accuracy_v")


class MemberSummaries:
    """The summaries of a pack's members, by member number."""

    def __init__(self, task: PackTask):
        self.task = task
        count = len(task.trials)
        self.best_e_v = np.full(count, np.inf)
        self.best_e_t = np.full(count, np.nan)
        self.best_epoch = np.zeros(count, int)
        # Which members end with the network of their best epoch.
        self.restores_best = np.array([member.restores_best for member in task.members], bool)
        # Accuracies on training and validation examples after the best epoch.
        self.best_accuracy = np.full((count, 2), np.nan)
        self.seconds = np.zeros(count)
        self.best_networks: dict[int, KeptNetwork] = {}
        # Errors of the sampled examples after the best epoch, for members whose best epoch was before this pack.
        self.errors_before: dict[int, np.ndarray] = {}
        # The cross-fitted best epochs before this pack: numbers and errors of the sampled examples.
        self.honest_before: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        for member, state in enumerate(task.states):
            self._restore(member, state)

    def _restore(self, member: int, state: Arrays) -> None:
        """Restore the summary of a member from its saved state."""
        best_e_v, best_e_t, best_epoch, seconds = state[SUMMARY].tolist()
        self.best_e_v[member], self.best_e_t[member] = best_e_v, best_e_t
        self.best_epoch[member], self.seconds[member] = int(best_epoch), seconds
        if BEST_NETWORK in state:
            self.best_networks[member] = KeptNetwork(self.trial(member), int(best_epoch), state[BEST_NETWORK])
        if BEST_ACCURACY in state:
            self.best_accuracy[member] = state[BEST_ACCURACY]
        if BEST_ERRORS in state:
            self.errors_before[member] = state[BEST_ERRORS]
        if HONEST in state:
            self.honest_before[member] = state[HONEST], state[HONEST_ERRORS]

    def give_to(self, pack: Pack) -> None:
        """Give the pack the saved results of earlier best epochs: parameters and errors of the sampled examples."""
        pack.evidence.errors_at_best |= self.errors_before
        for member, state in enumerate(self.task.states):
            saved = state.get(BEST_PARAMETERS, state.get(BEST_NETWORK))
            if saved is None and self.best_epoch[member] == pack.epoch:
                saved = pack.parameters_of(member)
            if saved is not None:
                pack.restore_best(member, int(self.best_epoch[member]), saved)
        for member, honest in self.honest_before.items():
            pack.cross_fit.restore(member, *honest)

    def remember_best(self, results: EpochResults, pack: Pack) -> np.ndarray:
        """Update the summaries of the members whose best epoch so far is this one; returns their positions."""
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
        self.best_networks |= {int(member): self.network(int(member), results.epoch, pack) for member in remembered}
        return np.flatnonzero(better)

    def arrays_of(self, member: int, pack: Pack, errors: np.ndarray | None) -> dict[str, np.ndarray]:
        """The state of a member with its summary; `errors` (2, n) are the sampled errors at its best epoch."""
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
        return arrays

    def network(self, member: int, epoch: int, pack: Pack) -> KeptNetwork:
        """The network of a member after the last epoch of the pack."""
        return KeptNetwork(self.trial(member), epoch, pack.parameters_of(member))

    def final_measures(self, results: EpochResults, position: int, restored: KeptNetwork | None) -> dict[str, float]:
        """The errors and accuracies of the network that a member ends with."""
        if restored is None:
            return {name: float(getattr(results, name)[position]) for name in FINAL}
        member = int(results.members[position])
        errors = self.best_e_t[member], self.best_e_v[member]
        return dict(zip(FINAL, map(float, (*errors, *self.best_accuracy[member])), strict=True))

    def trial(self, member: int) -> int:
        """The trial id of a member."""
        return int(self.task.trials[member])

    def best_of(self, member: int) -> tuple[int, float, float]:
        """The best epoch of a member, 0 if it has none yet, with E_t and E_v there."""
        return int(self.best_epoch[member]), float(self.best_e_t[member]), float(self.best_e_v[member])
