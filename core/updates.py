"""What changes the parameters of a pack after every mini-batch: penalties, optimizers and the slots they remember."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from fitgap.core.functions import own_row, put_own_row
from fitgap.core.member_groups import MemberGroup, group_members, over_members
from fitgap.core.members import Member
from fitgap.core.network import Networks
from fitgap.core.optimizers import Optimizer
from fitgap.core.regularizers import PENALTIES, Penalty

# With β = 0.9 a number falls by 10⁻³ between two flushes, far less than the factor leaves above the denormal range.
STEPS_BETWEEN_FLUSHES = 64
FLUSH_FACTOR = 1e8


@dataclass
class OptimizerPiece:
    """What the optimizer of neighbouring members works on: the views of their rows, made once, and their numbers."""

    run: MemberGroup
    parameters: np.ndarray
    weights: np.ndarray
    gradient: np.ndarray
    scratch: np.ndarray
    slots: list[np.ndarray]
    numbers: dict[str, np.ndarray]

    def step(self, step_number: int) -> None:
        optimizer: Optimizer = self.run.variant
        optimizer.decay(self.weights, **self.numbers)
        optimizer.step(self.parameters, self.gradient, self.slots, self.scratch, step_number, **self.numbers)


@dataclass(frozen=True)
class PenaltyPiece:
    """What a penalty of neighbouring members works on: the columns that it counts."""

    run: MemberGroup
    parameters: np.ndarray
    gradient: np.ndarray
    scratch: np.ndarray

    def add_gradient(self) -> None:
        self.run.variant.add_gradient(self.parameters, self.gradient, self.scratch, **self.run.numbers)


class Updates:
    """The steps of the members of a pack; `steps` counts them, `slots` are as many as the hungriest optimizer needs."""

    def __init__(self, networks: Networks, members: Sequence[Member]):
        self.networks = networks
        self.steps = 0
        slot_count = max(member.optimizer.slot_count for member in members)
        self.slots = [np.zeros_like(networks.parameters) for _ in range(slot_count)]
        self._rebind_views(members)

    def _rebind_views(self, members: Sequence[Member]) -> None:
        """Take the views for these members."""
        self.scratch = np.empty_like(self.networks.parameters)
        runs = group_members([member.optimizer for member in members], self.networks.dtype, dimensions=2)
        self.optimizers = [self._optimizer_piece(run) for run in runs]
        self.penalties = [
            self._penalty_piece(run, columns)
            for kind in PENALTIES
            for run in penalty_groups(members, kind, self.networks.dtype)
            for columns in self.networks.layout.penalty_columns(run.variant.scope, run.variant.biases)
        ]

    def _optimizer_piece(self, run: MemberGroup) -> OptimizerPiece:
        parameters, slots = self.networks.parameters[run.rows], self.slots[: run.variant.slot_count]
        return OptimizerPiece(
            run=run,
            parameters=parameters,
            weights=parameters[:, : self.networks.layout.weight_count],
            gradient=self.networks.gradient[run.rows],
            scratch=self.scratch[run.rows],
            slots=[slot[run.rows] for slot in slots],
            numbers=dict(run.numbers),
        )

    def _penalty_piece(self, run: MemberGroup, columns: slice) -> PenaltyPiece:
        buffers = self.networks.parameters, self.networks.gradient, self.scratch
        return PenaltyPiece(run, *(buffer[run.rows, columns] for buffer in buffers))

    def compact(self, rows: np.ndarray, members: Sequence[Member]) -> None:
        """Go on with these rows alone, whose members are given, once the networks have done so."""
        self.slots = [np.ascontiguousarray(slot[rows]) for slot in self.slots]
        self._rebind_views(members)

    def set_rates(self, rates: np.ndarray) -> None:
        """The learning rates (K,) from now on."""
        for piece in self.optimizers:
            piece.numbers["rate"] = over_members(rates[piece.run.rows], self.networks.dtype, dimensions=2)

    def step(self) -> None:
        """One step of every member against its gradient, after its penalties have been added to that."""
        self.steps += 1
        for penalty in self.penalties:
            penalty.add_gradient()
        for optimizer in self.optimizers:
            optimizer.step(self.steps)
        self.networks.keep_inside_domains()

    def flush(self) -> None:
        """Set to 0 what has decayed so far that it would become denormal, in which processors are many times slower.

        The gradient of a dead unit is exactly 0; its slots decay by β in each step and would stay denormal for ever.
        """
        lowest = np.finfo(self.networks.dtype).tiny * FLUSH_FACTOR
        for slot in self.slots:
            np.absolute(slot, out=self.scratch)
            # A product with 0 and 1, which NumPy does several times faster than a masked copy.
            np.greater_equal(self.scratch, lowest, out=self.scratch)
            slot *= self.scratch

    def own_slots(self, row: int, member: Member) -> np.ndarray:
        """The slots (S, P) that a member's optimizer uses, as they are saved."""
        layout = self.networks.layout
        own = [own_row(slot[row], member, layout) for slot in self.slots[: member.optimizer.slot_count]]
        length = len(own_row(self.networks.parameters[row], member, layout))
        return np.array(own, self.networks.dtype).reshape(-1, length)

    def put_own_slots(self, slots: np.ndarray, row: int, member: Member) -> None:
        """Take back what `own_slots` gave, be it from another pack."""
        for saved, slot in zip(slots, self.slots, strict=False):
            put_own_row(saved, slot[row], member, self.networks.layout)


def penalty_groups(members: Sequence[Member], kind: type[Penalty], dtype: str) -> list[MemberGroup]:
    """The runs of members that have a penalty of this kind."""
    penalties = [next((each for each in member.regularizers if isinstance(each, kind)), None) for member in members]
    return group_members(penalties, dtype, dimensions=2)
