"""Training of a pack: epoch after epoch over mini-batches, with E_t and E_v after each (Magyar 2024, Alg. 1 and 11)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.dropout import DropoutMasks, dropout_of
from core.groups import Run, kind_name, runs_of
from core.layers import Layout
from core.measuring import Measurer
from core.members import Member, PackShape
from core.network import Networks, Workspace
from core.preprocessing import Examples
from core.randomness import Purpose, generator
from core.regularizers import L1, L2, Penalty


@dataclass(frozen=True)
class EpochResults:
    """One epoch of the members still in the pack: arrays (k,), `members` holding their numbers in the order given to
    `train`.

    Errors are float64; accuracies are NaN where targets are numbers. `diverged` marks members with an error that is not
    finite, `finished` those that have trained all their epochs; either leaves the pack.
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


def train(
    shape: PackShape, members: Sequence[Member], examples: Mapping[int, Examples], *, classes: bool
) -> Iterator[EpochResults]:
    """Train all members of a pack together, each bit for bit as if alone; one result per epoch.

    `examples` holds the prepared examples of every repeat that a member has. `classes` says whether targets are
    classes. Raises ValueError where the repeats differ in their number of training or validation examples.
    """
    # A member that diverges computes with infinities until its epoch ends; that is told by its results, not by
    # warnings.
    with np.errstate(all="ignore"):
        pack = Pack(shape, members, examples, classes=classes)
    while pack.member_numbers.size:
        with np.errstate(all="ignore"):
            results = pack.run_epoch()
        yield results
        pack.keep(~(results.diverged | results.finished))


class Pack:
    """Members in training: their networks, optimizer slots, examples and epoch."""

    def __init__(self, shape: PackShape, members: Sequence[Member], examples: Mapping[int, Examples], *, classes: bool):
        order = sorted(range(len(members)), key=lambda number: sorting_key(members[number]))
        self.shape = shape
        self.member_numbers = np.array(order)
        self.members = [members[number] for number in order]
        self.layout = Layout(shape.layers)
        self.networks = Networks(self.layout, self.members, shape.dtype)
        self.slots = [np.zeros_like(self.networks.parameters) for _ in range(slot_count(members))]
        self.epoch = 0
        self.steps = 0
        self._take_examples(examples, classes)
        self._look_at_members()

    def _take_examples(self, examples: Mapping[int, Examples], classes: bool) -> None:
        self.repeats = sorted({member.repeat for member in self.members})
        chosen = [examples[repeat] for repeat in self.repeats]
        self.training_inputs = stack([each.training_inputs for each in chosen])
        self.training_targets = stack([each.training_targets for each in chosen])
        validation_inputs = stack([each.validation_inputs for each in chosen])
        validation_targets = stack([each.validation_targets for each in chosen])
        loss = self.shape.loss
        self.on_training = Measurer(self.training_inputs, self.training_targets, loss, classes=classes)
        self.on_validation = Measurer(validation_inputs, validation_targets, loss, classes=classes)

    def _look_at_members(self) -> None:
        """Everything that follows from which members are in the pack."""
        dtype = self.shape.dtype
        self.scratch = np.empty_like(self.networks.parameters)
        self.workspaces: dict[int, Workspace] = {}
        self.optimizers = runs_of([member.optimizer for member in self.members], dtype, dimensions=2)
        self.penalties = [run for kind in (L1, L2) for run in penalty_runs(self.members, kind, dtype)]
        self.has_dropout = any(dropout_of(member) for member in self.members)
        self.repeat_rows = np.array([self.repeats.index(member.repeat) for member in self.members])

    def keep(self, staying: np.ndarray) -> None:
        """Go on with the members marked in `staying` (K,), compacted."""
        if staying.all():
            return
        rows = np.flatnonzero(staying)
        self.member_numbers = self.member_numbers[rows]
        self.members = [self.members[row] for row in rows]
        self.networks.keep(rows, self.members)
        self.slots = [np.ascontiguousarray(slot[rows]) for slot in self.slots]
        self._look_at_members()

    def run_epoch(self) -> EpochResults:
        """One pass over the training examples in mini-batches, then E_t and E_v."""
        self.epoch += 1
        order = self._draw_order()
        dropout = DropoutMasks(self.members, self.epoch, self.shape.dtype) if self.has_dropout else None
        example_count = order.shape[1]
        running = np.zeros(len(self.members))
        for start in range(0, example_count, self.shape.batch_size):
            running += self._step(order[:, start : start + self.shape.batch_size], dropout)
        return self._measure(running / example_count)

    def _draw_order(self) -> np.ndarray:
        """For each member (K, N) the rows of its examples in the order of this epoch, in the stack of all repeats."""
        example_count = self.training_inputs.shape[1]
        orders = {
            (member.seed, member.repeat): generator(member.seed, member.repeat, Purpose.BATCHES, self.epoch)
            for member in self.members
        }
        drawn = {key: source.permutation(example_count) for key, source in orders.items()}
        return np.stack(
            [
                drawn[member.seed, member.repeat] + row * example_count
                for member, row in zip(self.members, self.repeat_rows, strict=True)
            ]
        )

    def _step(self, rows: np.ndarray, dropout: DropoutMasks | None) -> np.ndarray:
        """One mini-batch, `rows` (K, B); returns the summed error of its examples, per member, before the step."""
        work = self._workspace(rows.shape[1])
        gather(self.training_inputs, rows, work.inputs)
        gather(self.training_targets, rows, work.targets)
        self.networks.evaluate_for_training(work, dropout)
        self.shape.loss.gradient(work.outputs, work.targets, out=work.deltas[-1])
        errors = self.shape.loss.errors(work.outputs, work.targets).sum(axis=1)
        self.networks.backpropagate(work)
        # The mean over the batch, so that the step does not grow with it (Alg. 9 as printed takes the sum).
        self.networks.gradient /= self.networks.gradient.dtype.type(rows.shape[1])
        self._add_penalties()
        self._apply_gradient()
        return errors

    def _workspace(self, example_count: int) -> Workspace:
        if example_count not in self.workspaces:
            self.workspaces[example_count] = Workspace(len(self.members), example_count, self.layout, self.shape.dtype)
        return self.workspaces[example_count]

    def _add_penalties(self) -> None:
        weights = np.s_[: self.layout.weight_count]
        for run in self.penalties:
            buffers = (self.networks.parameters, self.networks.gradient, self.scratch)
            run.kind.add_gradient(*(buffer[run.rows, weights] for buffer in buffers), **run.numbers)

    def _apply_gradient(self) -> None:
        self.steps += 1
        for run in self.optimizers:
            rows = run.rows
            run.kind.step(
                self.networks.parameters[rows],
                self.networks.gradient[rows],
                [slot[rows] for slot in self.slots[: run.kind.slot_count]],
                self.scratch[rows],
                self.steps,
                **run.numbers,
            )

    def _measure(self, e_t_running: np.ndarray) -> EpochResults:
        on_training = self.on_training.measure(self.networks, self.repeat_rows)
        on_validation = self.on_validation.measure(self.networks, self.repeat_rows)
        unknown = np.full(len(self.members), np.nan)
        finite = np.isfinite(on_training.error) & np.isfinite(on_validation.error)
        return EpochResults(
            members=self.member_numbers,
            epoch=self.epoch,
            e_t=on_training.error,
            e_v=on_validation.error,
            e_t_running=e_t_running,
            se_t=on_training.standard_error,
            se_v=on_validation.standard_error,
            accuracy_t=unknown if on_training.accuracy is None else on_training.accuracy,
            accuracy_v=unknown if on_validation.accuracy is None else on_validation.accuracy,
            learning_rate=np.array([member.optimizer.rate for member in self.members]),
            diverged=~finite,
            finished=np.array([self.epoch >= member.epochs for member in self.members]),
        )


def sorting_key(member: Member) -> tuple[str, ...]:
    """Brings members of equal kinds together, the kinds that cost most calls first."""
    kinds = sorted(kind_name(regularizer) for regularizer in member.regularizers)
    return (kind_name(member.activation), kind_name(member.optimizer), kind_name(member.output_activation), *kinds)


def slot_count(members: Sequence[Member]) -> int:
    """How many slots the hungriest optimizer among the members needs."""
    return max(type(member.optimizer).slot_count for member in members)


def penalty_runs(members: Sequence[Member], kind: type[Penalty], dtype: str) -> list[Run]:
    """The runs of members that have a penalty of this kind."""
    penalties = [next((each for each in member.regularizers if isinstance(each, kind)), None) for member in members]
    return runs_of(penalties, dtype, dimensions=2)


def stack(tables: Sequence[np.ndarray]) -> np.ndarray:
    """Tables of one shape as (R, N, n); ValueError where their numbers of rows differ."""
    if len({table.shape for table in tables}) > 1:
        raise ValueError(
            f"all repeats of a pack need equally many examples, but have {[len(table) for table in tables]}"
        )
    return np.stack(tables)


def gather(tables: np.ndarray, rows: np.ndarray, out: np.ndarray) -> None:
    """Write rows (K, B) of the tables (R, N, n), counted through all of them, into `out` (K, B, n)."""
    np.take(tables.reshape(-1, tables.shape[-1]), rows, axis=0, out=out, mode="clip")
