"""Parameter updates of a pack after every mini-batch: penalties, optimizers and their slots."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from fitgap.core.activation_parameters import own_row, put_own_row
from fitgap.core.compiled_updates import BiasCorrections, CompiledOptimizer, flush_pass
from fitgap.core.gradient_clipping import clip_rows
from fitgap.core.kernels.binding import BoundPass, bind
from fitgap.core.member_groups import MemberGroup, group_members, over_members
from fitgap.core.members import Member
from fitgap.core.network import Networks
from fitgap.core.optimizers import Optimizer
from fitgap.core.regularizers import PENALTIES, Penalty

# With β = 0.9 a number shrinks by a factor of 10⁻³ between two flushes, well within the margin of FLUSH_FACTOR.
STEPS_BETWEEN_FLUSHES = 64
FLUSH_FACTOR = 1e8


@dataclass
class OptimizerViews:
    """The views of the buffers that the optimizer of a member group works on, created once, and its settings."""

    group: MemberGroup
    parameters: np.ndarray
    weights: np.ndarray
    gradient: np.ndarray
    scratch: np.ndarray
    slots: list[np.ndarray]
    numbers: dict[str, np.ndarray]
    parameter_count: int
    compiled: CompiledOptimizer | None = None

    def compile(self) -> None:
        """Take the following steps with compiled passes, if there is machine code."""
        formula = self.group.variant.formula()
        if self.compiled is None and formula is not None:
            compiled = CompiledOptimizer(
                self.group.variant,
                formula,
                self.parameters,
                self.gradient,
                self.slots,
                self.weights.shape[1],
                self.numbers,
            )
            self.compiled = compiled if compiled.is_complete else None

    def step(self, step_number: int) -> None:
        optimizer: Optimizer = self.group.variant
        if optimizer.clip:
            clip_rows(self.gradient, optimizer.clip, self.parameter_count)
        if self.compiled:
            self.compiled.step()
            return
        optimizer.decay(self.weights, **self.numbers)
        optimizer.step(self.parameters, self.gradient, self.slots, self.scratch, step_number, **self.numbers)


@dataclass
class PenaltyViews:
    """The views of the buffers that a penalty of a member group works on: the columns that it covers."""

    group: MemberGroup
    parameters: np.ndarray
    gradient: np.ndarray
    scratch: np.ndarray
    compiled: BoundPass | None = None

    def compile(self) -> None:
        """Add the following gradients with a compiled pass, if there is machine code."""
        arrays = {"weights": self.parameters, "gradient": self.gradient, **self.group.numbers}
        self.compiled = self.compiled or bind(self.group.variant.formula, arrays, written="gradient")

    def add_gradient(self) -> None:
        if self.compiled:
            self.compiled()
            return
        self.group.variant.add_gradient(self.parameters, self.gradient, self.scratch, **self.group.numbers)


class Updates:
    """The update steps of a pack, counted by `steps`; there are enough `slots` for each of the optimizers."""

    def __init__(self, networks: Networks, members: Sequence[Member]):
        self.networks = networks
        self.steps = 0
        slot_count = max(member.optimizer.slot_count for member in members)
        self.slots = [np.zeros_like(networks.parameters) for _ in range(slot_count)]
        self._rebind_views(members)

    def _rebind_views(self, members: Sequence[Member]) -> None:
        """Create the views for these members."""
        self.scratch = np.empty_like(self.networks.parameters)
        groups = group_members([member.optimizer for member in members], self.networks.dtype, dimensions=2)
        self.optimizers = [self._optimizer_views(group) for group in groups]
        self.penalties = [
            self._penalty_views(group, columns)
            for kind in PENALTIES
            for group in penalty_groups(members, kind, self.networks.dtype)
            for columns in self.networks.layout.penalty_columns(group.variant.scope, group.variant.biases)
        ]
        self.flushes: list[BoundPass | None] = [None for _ in self.slots]
        self.compile()

    def compile(self) -> None:
        """Use compiled passes from now on, where there is machine code."""
        for optimizer in self.optimizers:
            optimizer.compile()
        for penalty in self.penalties:
            penalty.compile()
        self._gather_corrections()
        self.flushes = [
            flush or flush_pass(slot, self.lowest) for flush, slot in zip(self.flushes, self.slots, strict=True)
        ]

    def _gather_corrections(self) -> None:
        correcting = [
            views.compiled for views in self.optimizers if views.compiled and views.group.variant.corrects_bias
        ]
        self.corrections = BiasCorrections(correcting) if correcting else None

    @property
    def lowest(self) -> float:
        """The smallest magnitude that a slot value keeps at a flush."""
        return float(np.finfo(self.networks.dtype).tiny * FLUSH_FACTOR)

    def _optimizer_views(self, group: MemberGroup) -> OptimizerViews:
        parameters, slots = self.networks.parameters[group.rows], self.slots[: group.variant.slot_count]
        return OptimizerViews(
            group=group,
            parameters=parameters,
            weights=parameters[:, : self.networks.layout.weight_count],
            gradient=self.networks.gradient[group.rows],
            scratch=self.scratch[group.rows],
            slots=[slot[group.rows] for slot in slots],
            numbers=dict(group.numbers),
            parameter_count=self.networks.layout.parameter_count,
        )

    def _penalty_views(self, group: MemberGroup, columns: slice) -> PenaltyViews:
        parameters, gradient, scratch = (
            buffer[group.rows, columns] for buffer in (self.networks.parameters, self.networks.gradient, self.scratch)
        )
        return PenaltyViews(group, parameters, gradient, scratch)

    def compact(self, rows: np.ndarray, members: Sequence[Member]) -> None:
        """Keep only these rows, which belong to `members`; call after compacting the networks."""
        self.slots = [np.ascontiguousarray(slot[rows]) for slot in self.slots]
        self._rebind_views(members)

    def set_rates(self, rates: np.ndarray) -> None:
        """Set the learning rates (K,) of the following steps."""
        for views in self.optimizers:
            views.numbers["rate"] = over_members(rates[views.group.rows], self.networks.dtype, dimensions=2)
            if views.compiled:
                views.compiled.set_numbers(views.numbers)
        self._gather_corrections()

    def step(self) -> None:
        """Add the penalties to the gradient and take one optimizer step for every member."""
        self.steps += 1
        for penalty in self.penalties:
            penalty.add_gradient()
        if self.corrections:
            self.corrections.set(self.steps)
        for optimizer in self.optimizers:
            optimizer.step(self.steps)
        self.networks.clip_to_domains()

    def flush(self) -> None:
        """Set slot values to 0 before they become denormal numbers, which slow processors down many times.

        The gradient of a dead unit is exactly 0, so its slots decay by β in each step and would stay denormal forever.
        """
        for slot, compiled in zip(self.slots, self.flushes, strict=True):
            if compiled:
                compiled()
                continue
            np.absolute(slot, out=self.scratch)
            # A product with 0 and 1 is several times faster in NumPy than a masked copy.
            np.greater_equal(self.scratch, self.lowest, out=self.scratch)
            slot *= self.scratch

    def own_slots(self, row: int, member: Member) -> np.ndarray:
        """The slots (S, P) that a member's optimizer uses, in saved form."""
        layout = self.networks.layout
        own = [own_row(slot[row], member, layout) for slot in self.slots[: member.optimizer.slot_count]]
        length = len(own_row(self.networks.parameters[row], member, layout))
        return np.array(own, self.networks.dtype).reshape(-1, length)

    def put_own_slots(self, slots: np.ndarray, row: int, member: Member) -> None:
        """Restore a member's slots; the inverse of `own_slots`, in any pack."""
        for saved, slot in zip(slots, self.slots, strict=False):
            put_own_row(saved, slot[row], member, self.networks.layout)


def penalty_groups(members: Sequence[Member], kind: type[Penalty], dtype: str) -> list[MemberGroup]:
    """The groups of adjacent members that have a penalty of this kind."""
    penalties = [next((each for each in member.regularizers if isinstance(each, kind)), None) for member in members]
    return group_members(penalties, dtype, dimensions=2)
