"""Training of a pack: epoch after epoch over mini-batches, with E_t and E_v after each (Magyar 2024, Alg. 1 and 11)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.batches import batches
from core.dropout import DropoutMasks, dropout_of
from core.functions import learned_values, own_row, put_own_row
from core.groups import Run, runs_of
from core.measuring import Measurement, Measurer
from core.members import Member, PackShape
from core.network import Networks, Workspace
from core.preprocessing import Examples
from core.randomness import Purpose, generator
from core.regularizers import PENALTIES, Penalty
from core.states import MemberState, check_states, standings_as_numbers, standings_from_numbers
from core.stopping import Standing

TRAINING_SIDE, VALIDATION_SIDE = 0, 1
# With β = 0.9 a number falls by 10⁻³ between two flushes, far less than the factor leaves above the denormal range.
STEPS_BETWEEN_FLUSHES = 64
FLUSH_FACTOR = 1e8


@dataclass(frozen=True)
class EpochResults:
    """One epoch of the members still in the pack: arrays (k,), `members` holding their numbers in the order given.

    Errors are float64. `diverged` marks members with an error that is not finite, `finished` those that have trained
    all their epochs or were stopped, for which `stopped_because` has the reason; either leaves the pack.
    """

    members: np.ndarray
    epoch: int
    e_t: np.ndarray
    e_v: np.ndarray
    e_t_running: np.ndarray
    se_t: np.ndarray
    se_v: np.ndarray
    accuracy_t: np.ndarray
    accuracy_v: np.ndarray
    learning_rate: np.ndarray
    diverged: np.ndarray
    finished: np.ndarray
    stopped_because: tuple[str | None, ...]


@dataclass(frozen=True)
class EpochPart:
    """A sign of life from a long epoch: which share of its training examples the members have seen."""

    members: np.ndarray
    share: float


def train(shape: PackShape, members: Sequence[Member], examples: Mapping[int, Examples]) -> Iterator[EpochResults]:
    """Train all members of a pack together, each bit for bit as if alone; one result per epoch.

    `examples` holds the prepared examples of every repeat that a member has. Raises ValueError where the repeats differ
    in their number of training or validation examples.
    """
    return Pack(shape, members, examples).run()


class Pack:
    """Members in training: their networks, optimizer slots, examples and epoch.

    With `states`, one for each member, they go on from there, bit for bit as if they had never stopped. Raises
    ValueError where these are not all of the same epoch, or do not fit their members.
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
        self.networks = Networks(shape.layers, self.members, shape.dtype)
        self.slots = [np.zeros_like(self.networks.parameters) for _ in range(slot_count(members))]
        self.standings = [[Standing() for _ in member.stopping] for member in self.members]
        self.epoch = 0
        self.steps = 0
        if states is not None:
            check_states(states, members, shape.layers, shape.dtype)
            self._go_on_from([states[number] for number in order])
        self.examples = examples
        self._look_at_members()

    def _go_on_from(self, states: Sequence[MemberState]) -> None:
        self.epoch, self.steps = states[0].epoch, states[0].steps
        self.standings = [standings_from_numbers(state.standings) for state in states]
        for row, (member, state) in enumerate(zip(self.members, states, strict=True)):
            put_own_row(state.parameters, self.networks.parameters[row], member, self.networks.layout)
            for slot, saved in zip(self.slots, state.slots, strict=False):
                put_own_row(saved, slot[row], member, self.networks.layout)

    def _look_at_members(self) -> None:
        """Everything that follows from which members are in the pack."""
        dtype = self.shape.dtype
        self.scratch = np.empty_like(self.networks.parameters)
        self.workspaces: dict[int, Workspace] = {}
        self.optimizers = runs_of([member.optimizer for member in self.members], dtype, dimensions=2)
        self.penalties = [run for kind in PENALTIES for run in penalty_runs(self.members, kind, dtype)]
        dropouts = [dropout_of(member) for member in self.members]
        self.has_dropout = any(dropouts)
        self.has_own_inputs = any(dropout.reaches(0) for dropout in dropouts if dropout)
        self._take_examples()

    def _take_examples(self) -> None:
        """The tables of the repeats that members have; nothing is copied."""
        self.repeats = sorted({(member.seed, member.repeat) for member in self.members})
        self.repeat_rows = np.array([self.repeats.index((member.seed, member.repeat)) for member in self.members])
        chosen = [self.examples[repeat] for _, repeat in self.repeats]
        self.training_tables = (
            tables_alike([each.training_inputs for each in chosen]),
            tables_alike([each.training_targets for each in chosen]),
        )
        self.validation_tables = (
            tables_alike([each.validation_inputs for each in chosen]),
            tables_alike([each.validation_targets for each in chosen]),
        )
        self.on_training = Measurer(*self.training_tables, self.shape)
        self.on_validation = Measurer(*self.validation_tables, self.shape)

    def keep(self, staying: np.ndarray) -> None:
        """Go on with the members marked in `staying` (K,), compacted."""
        if staying.all():
            return
        rows = np.flatnonzero(staying)
        self.member_numbers = self.member_numbers[rows]
        self.members = [self.members[row] for row in rows]
        self.standings = [self.standings[row] for row in rows]
        self.networks.keep(rows, self.members)
        self.slots = [np.ascontiguousarray(slot[rows]) for slot in self.slots]
        self._look_at_members()

    def run(self) -> Iterator[EpochResults]:
        """Train until no member is left; while a result is out, the members it speaks of are still here."""
        return (each for each in self.run_in_parts() if isinstance(each, EpochResults))

    def run_in_parts(self) -> Iterator[EpochResults | EpochPart]:
        """The same, with signs of life from epochs that take long."""
        while self.member_numbers.size:
            for share in self._train():
                yield EpochPart(self.member_numbers, share)
            results = self._measure()
            yield results
            self.keep(~(results.diverged | results.finished))

    def run_epoch(self) -> EpochResults:
        """One epoch from its first mini-batch to E_t and E_v; nobody leaves."""
        for _ in self._train():
            pass
        return self._measure()

    def _train(self) -> Iterator[float]:
        """One pass over the training examples in mini-batches; yields now and then which share of them is done."""
        self.epoch += 1
        self.rates = np.array([learning_rate(member, self.epoch) for member in self.members])
        order = self._draw_order()
        dropout = DropoutMasks(self.members, self.epoch, self.shape.dtype) if self.has_dropout else None
        self.running_error = np.zeros(len(self.members))
        example_count = order.shape[1]
        stride = self.shape.batch_size * STEPS_BETWEEN_FLUSHES
        for start in range(0, example_count, stride):
            self._train_on(order[:, start : start + stride], dropout)
            yield min(1.0, (start + stride) / example_count)
        self.running_error /= example_count

    # A member that diverges computes with infinities until its epoch ends; its results tell so, not warnings.
    @np.errstate(all="ignore")
    def _train_on(self, order: np.ndarray, dropout: DropoutMasks | None) -> None:
        """Some mini-batches in turn, `order` (R, n) being the rows of their examples for every repeat."""
        for inputs, targets in batches(self.training_tables, order, self.shape.batch_size):
            work = self._workspace(inputs.shape[1])
            work.put(inputs, targets)
            self.running_error += self._step(work, dropout)
        self._flush_slots()

    def _flush_slots(self) -> None:
        """Set to 0 what has decayed so far that it would become denormal, in which processors are many times slower.

        The gradient of a dead unit is exactly 0; its slots decay by β in each step and would stay denormal for ever.
        """
        lowest = np.finfo(self.shape.dtype).tiny * FLUSH_FACTOR
        for slot in self.slots:
            np.absolute(slot, out=self.scratch)
            slot[self.scratch < lowest] = 0

    def _draw_order(self) -> np.ndarray:
        """For each repeat (R, N) the rows of its examples in the order of this epoch."""
        example_count = len(self.training_tables[0][0])
        sources = [generator(seed, repeat, Purpose.BATCHES, self.epoch) for seed, repeat in self.repeats]
        return np.stack([source.permutation(example_count) for source in sources])

    def _step(self, work: Workspace, dropout: DropoutMasks | None) -> np.ndarray:
        """One step on the mini-batch in the workspace; returns each member's summed error before it."""
        self.networks.evaluate_for_training(work, dropout)
        delta = work.deltas[-1]
        self.shape.loss.gradient(work.outputs, work.targets, out=delta)
        errors = self.shape.loss.summed_errors(work.outputs, work.targets, delta)
        # The mean over the batch, so that the step does not grow with it (Alg. 9 as printed takes the sum).
        delta *= delta.dtype.type(1 / delta.shape[1])
        self.networks.backpropagate(work)
        self._add_penalties()
        self._apply_gradient()
        return errors

    def _workspace(self, example_count: int) -> Workspace:
        if example_count not in self.workspaces:
            self.workspaces[example_count] = Workspace(
                len(self.members),
                example_count,
                self.networks.layout,
                self.shape.dtype,
                self.repeat_rows,
                own_inputs=self.has_own_inputs,
            )
        return self.workspaces[example_count]

    def _add_penalties(self) -> None:
        buffers = (self.networks.parameters, self.networks.gradient, self.scratch)
        for run in self.penalties:
            for columns in self.networks.layout.penalty_columns(run.variant.scope, run.variant.biases):
                run.variant.add_gradient(*(buffer[run.rows, columns] for buffer in buffers), **run.numbers)

    def _apply_gradient(self) -> None:
        self.steps += 1
        parameters, weight_count = self.networks.parameters, self.networks.layout.weight_count
        for run in self.optimizers:
            rows, optimizer = run.rows, run.variant
            numbers = {**run.numbers, "rate": self.rates[rows, None].astype(self.shape.dtype)}
            optimizer.decay(parameters[rows, :weight_count], **numbers)
            slots = [slot[rows] for slot in self.slots[: optimizer.slot_count]]
            optimizer.step(
                parameters[rows], self.networks.gradient[rows], slots, self.scratch[rows], self.steps, **numbers
            )
        self.networks.keep_inside_domains()

    @np.errstate(all="ignore")
    def _measure(self) -> EpochResults:
        """E_t and E_v after the epoch."""
        on_training = self.on_training.measure(self.networks, self.repeat_rows, self._choose(TRAINING_SIDE))
        on_validation = self.on_validation.measure(self.networks, self.repeat_rows, self._choose(VALIDATION_SIDE))
        e_t, e_v = on_training.error, on_validation.error
        reasons = self._ask_stopping_rules(on_training, e_v)
        over = np.array([self.epoch >= member.epochs for member in self.members])
        return EpochResults(
            members=self.member_numbers,
            epoch=self.epoch,
            e_t=e_t,
            e_v=e_v,
            e_t_running=self.running_error,
            se_t=on_training.standard_error,
            se_v=on_validation.standard_error,
            accuracy_t=on_training.accuracy,
            accuracy_v=on_validation.accuracy,
            learning_rate=self.rates,
            diverged=~(np.isfinite(e_t) & np.isfinite(e_v)),
            finished=over | np.array([reason is not None for reason in reasons]),
            stopped_because=reasons,
        )

    def _choose(self, side: int) -> np.ndarray | None:
        """The examples of each repeat to measure on in this epoch (R, M); None for all of them."""
        available = (self.on_training, self.on_validation)[side].example_count
        wanted = self.shape.measured_examples
        if wanted is None or wanted >= available:
            return None
        sources = [generator(seed, repeat, Purpose.MEASURING, self.epoch, side) for seed, repeat in self.repeats]
        return np.stack([np.sort(source.permutation(available)[:wanted]) for source in sources])

    def _ask_stopping_rules(self, on_training: Measurement, e_v: np.ndarray) -> tuple[str | None, ...]:
        return tuple(
            first_reason(member, standings, on_training.errors[row], float(e_v[row]))
            for row, (member, standings) in enumerate(zip(self.members, self.standings, strict=True))
        )

    def parameters_of(self, member_number: int) -> np.ndarray:
        """A copy of the parameters (P,) of a member that is still in the pack, as they lie where it is alone."""
        row = self._row_of(member_number)
        return own_row(self.networks.parameters[row], self.members[row], self.networks.layout)

    def state_of(self, member_number: int) -> MemberState:
        """The state, after the last epoch, of a member that is still in the pack."""
        row = self._row_of(member_number)
        member, layout = self.members[row], self.networks.layout
        own_slots = [own_row(slot[row], member, layout) for slot in self.slots[: member.optimizer.slot_count]]
        parameters = self.parameters_of(member_number)
        return MemberState(
            epoch=self.epoch,
            steps=self.steps,
            parameters=parameters,
            slots=np.array(own_slots, parameters.dtype).reshape(-1, len(parameters)),
            standings=standings_as_numbers(self.standings[row]),
        )

    def learned_by(self, member_number: int) -> dict[str, float]:
        """The learned β and γ of a member that is still in the pack, by name."""
        row = self._row_of(member_number)
        return learned_values(self.networks.parameters[row], self.members[row], self.networks.layout)

    def _row_of(self, member_number: int) -> int:
        (row,) = np.flatnonzero(self.member_numbers == member_number)
        return int(row)


def learning_rate(member: Member, epoch: int) -> float:
    """The learning rate of a member in an epoch."""
    return member.optimizer.rate * member.schedule.factor(epoch, member.epochs)


def first_reason(member: Member, standings: list[Standing], training_errors: np.ndarray, e_v: float) -> str | None:
    """Why the member stops after this epoch; every rule takes the epoch in. None where it goes on."""
    reasons = [
        rule.reason() if rule.should_stop(standing, training_errors, e_v) else None
        for rule, standing in zip(member.stopping, standings, strict=True)
    ]
    return next((reason for reason in reasons if reason is not None), None)


def sorting_key(member: Member) -> tuple[str, ...]:
    """Brings members of equal kinds together, the kinds that cost most calls first."""
    kinds = [
        [[(function.kind(), function.share) for function in functions] for functions in member.activations],
        member.optimizer.kind(),
        [regularizer.kind() for regularizer in member.regularizers],
    ]
    return tuple(map(repr, kinds))


def slot_count(members: Sequence[Member]) -> int:
    """How many slots the hungriest optimizer among the members needs."""
    return max(member.optimizer.slot_count for member in members)


def penalty_runs(members: Sequence[Member], kind: type[Penalty], dtype: str) -> list[Run]:
    """The runs of members that have a penalty of this kind."""
    penalties = [next((each for each in member.regularizers if isinstance(each, kind)), None) for member in members]
    return runs_of(penalties, dtype, dimensions=2)


def tables_alike(tables: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    """The tables; ValueError where their numbers of rows differ."""
    if len({table.shape for table in tables}) > 1:
        counts = [len(table) for table in tables]
        raise ValueError(f"all repeats of a pack need equally many examples, but have {counts}")
    return tables
