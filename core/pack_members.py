"""The members of a pack: their parts, the removal of members, and states to be saved and restored."""

from collections.abc import Mapping, Sequence

import numpy as np
from fitgap.core.activation_parameters import learned_values, own_row, put_own_row
from fitgap.core.checkpoints import MemberState, check_states, standings_as_numbers, standings_from_numbers
from fitgap.core.cross_fit import CrossFit, HonestErrors
from fitgap.core.dropout import DropoutMasks, dropout_of
from fitgap.core.final_metrics import FinalMetrics
from fitgap.core.fit_evidence import Evidence
from fitgap.core.kernels.pack_clock import PackClock
from fitgap.core.kernels.selection import kernels
from fitgap.core.members import Member, PackShape, sorting_key
from fitgap.core.network import Networks
from fitgap.core.preprocessing import Examples
from fitgap.core.repeats import TRAINING_SIDE, VALIDATION_SIDE, Repeats
from fitgap.core.stopping import Standing
from fitgap.core.update_step import Updates
from fitgap.core.workspace import Workspace


class PackMembers:
    """The members of a pack: their networks, optimizer slots, examples and epoch. `fitgap.core.training` trains them.

    With `states`, one per member, training resumes from there, bit for bit as if it had never stopped. Raises
    ValueError if the states have different epochs or do not fit the members.
    """

    def __init__(
        self,
        shape: PackShape,
        members: Sequence[Member],
        examples: Mapping[int, Examples],
        states: Sequence[MemberState] | None = None,
    ):
        order = sorted(range(len(members)), key=lambda number: sorting_key(members[number]))
        self.shape = shape
        self.member_numbers = np.array(order)
        self.members = [members[number] for number in order]
        self.networks = Networks(shape.network, self.members, shape.dtype)
        self.updates = Updates(self.networks, self.members)
        self.standings = [[Standing() for _ in member.stopping] for member in self.members]
        self.evidence = Evidence(self)
        self.metrics = FinalMetrics(self, len(members))
        self.cross_fit = CrossFit(len(members), is_new=states is None)
        self.epoch = 0
        self.clock = PackClock(kernels)
        # Numbers of members that leave before the next epoch although they have not finished.
        self.leaving: set[int] = set()
        if states is not None:
            check_states(states, members, shape.network, shape.dtype)
            self._restore([states[number] for number in order])
        self.examples = examples
        self._rebind_views()

    def _restore(self, states: Sequence[MemberState]) -> None:
        self.epoch, self.updates.steps = states[0].epoch, states[0].steps
        self.standings = [standings_from_numbers(state.standings) for state in states]
        for row, (member, state) in enumerate(zip(self.members, states, strict=True)):
            put_own_row(state.parameters, self.networks.parameters[row], member, self.networks.layout)
            self.updates.put_own_slots(state.slots, row, member)

    def _rebind_views(self) -> None:
        """Set up everything that depends on which members are in the pack."""
        self.repeats = Repeats(self.members, self.examples)
        self.on_training = self.repeats.measurer(TRAINING_SIDE, self.shape)
        self.on_validation = self.repeats.measurer(VALIDATION_SIDE, self.shape)
        self.evidence.rebind_views()
        self.cross_fit.rebind_views(self.member_numbers, self.repeats, self.evidence)
        dropouts = [dropout_of(member) for member in self.members]
        self.has_dropout = any(dropouts)
        # Created in the first epoch of these members, because the draws depend on the epoch.
        self.dropout: DropoutMasks | None = None
        self.has_own_inputs = any(dropout.reaches(0) for dropout in dropouts if dropout)
        self.workspaces: dict[int, Workspace] = {}

    def compact(self, staying: np.ndarray) -> None:
        """Keep only the members marked in `staying` (K,)."""
        if staying.all():
            return
        self.cross_fit.search()
        rows = np.flatnonzero(staying)
        self.member_numbers = self.member_numbers[rows]
        self.members = [self.members[row] for row in rows]
        self.standings = [self.standings[row] for row in rows]
        self.evidence.compact(rows)
        self.networks.compact(rows, self.members)
        self.updates.compact(rows, self.members)
        self._rebind_views()

    def parameters_of(self, member_number: int) -> np.ndarray:
        """A copy of the parameters (P,) of a member that is still in the pack, in saved form."""
        row = self._row_of(member_number)
        return own_row(self.networks.parameters[row], self.members[row], self.networks.layout)

    def put_parameters(self, member_number: int, parameters: np.ndarray) -> None:
        """Replace the parameters of a member that is still in the pack with these (P,) in saved form."""
        row = self._row_of(member_number)
        put_own_row(parameters, self.networks.parameters[row], self.members[row], self.networks.layout)

    def state_of(self, member_number: int) -> MemberState:
        """The state of a member that is still in the pack, after the last epoch."""
        row = self._row_of(member_number)
        return MemberState(
            epoch=self.epoch,
            steps=self.updates.steps,
            parameters=self.parameters_of(member_number),
            slots=self.updates.own_slots(row, self.members[row]),
            standings=standings_as_numbers(self.standings[row]),
        )

    def best_parameters_of(self, member_number: int) -> np.ndarray | None:
        """The parameters (P,) in saved form of a member that is still in the pack, after its best epoch; None if they
        are unknown.
        """
        row = self._row_of(member_number)
        if not self.metrics.best_epochs[member_number]:
            return None
        return own_row(self.metrics.parameters[member_number], self.members[row], self.networks.layout)

    def restore_best(self, member_number: int, epoch: int, saved: np.ndarray) -> None:
        """The inverse of `best_parameters_of`, for a pack that resumes from states."""
        member = self.members[self._row_of(member_number)]
        self.metrics.best_epochs[member_number] = epoch
        put_own_row(saved, self.metrics.parameters[member_number], member, self.networks.layout)

    def honest_errors_of(self, member_number: int) -> HonestErrors:
        """The errors of a member that is still in the pack at its best epochs, measured on examples that were not used
        to choose these epochs.
        """
        return self.cross_fit.result(member_number, self._row_of(member_number))

    def honest_state_of(self, member_number: int) -> tuple[np.ndarray, np.ndarray] | None:
        """The data from which `honest_errors_of` is computed; `cross_fit.restore` restores them. None if unknown."""
        return self.cross_fit.state_of(member_number, self._row_of(member_number))

    def learned_by(self, member_number: int) -> dict[str, float]:
        """The learned β and γ, by name, of a member that is still in the pack."""
        row = self._row_of(member_number)
        return learned_values(self.networks.parameters[row], self.members[row], self.networks.layout)

    def _row_of(self, member_number: int) -> int:
        (row,) = np.flatnonzero(self.member_numbers == member_number)
        return int(row)
