"""Training of a pack: epochs of mini-batches, each followed by measuring E_t and E_v (Magyar 2024, Alg. 1 and 11)."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from fitgap.core.batches import batches
from fitgap.core.compiled_losses import mean_scale
from fitgap.core.dropout import DropoutMasks
from fitgap.core.evaluation import Measurement, Measurer
from fitgap.core.kernels.selection import kernels
from fitgap.core.members import Member, PackShape
from fitgap.core.pack_members import PackMembers
from fitgap.core.preprocessing import Examples
from fitgap.core.repeats import TRAINING_SIDE, VALIDATION_SIDE
from fitgap.core.results import EpochPart, EpochResults
from fitgap.core.stopping import first_reason
from fitgap.core.update_step import STEPS_BETWEEN_FLUSHES
from fitgap.core.workspace import Workspace


def train(shape: PackShape, members: Sequence[Member], examples: Mapping[int, Examples]) -> Iterator[EpochResults]:
    """Train all members of a pack together, each as if it were alone; yields one result per epoch.

    `examples` maps the repeats of the members to their prepared examples. Raises ValueError if the repeats differ in
    their number of training or validation examples.
    """
    return Pack(shape, members, examples).run()


class Pack(PackMembers):
    """The members of a pack in training."""

    def run(self) -> Iterator[EpochResults]:
        """Train until no member is left. Members of a result stay in the pack until the next result is requested."""
        return (each for each in self.run_in_parts() if isinstance(each, EpochResults))

    def run_in_parts(self) -> Iterator[EpochResults | EpochPart]:
        """The same, with progress reports within each epoch."""
        while self.member_numbers.size:
            for share in self._train():
                yield EpochPart(self.member_numbers, share)
            results = self._measure()
            yield results
            over = results.diverged | results.finished
            if self.leaving:
                over = over | np.isin(self.member_numbers, list(self.leaving))
                self.leaving.clear()
            self.compact(~over)

    def run_epoch(self) -> EpochResults:
        """Train one epoch and measure E_t and E_v; no member leaves the pack."""
        for _ in self._train():
            pass
        return self._measure()

    def _train(self) -> Iterator[float]:
        """Train one epoch in mini-batches; yields the share done so far from time to time."""
        self._compile()
        self.epoch += 1
        self.rates = np.array([learning_rate(member, self.epoch) for member in self.members])
        self.updates.set_rates(self.rates)
        order = self.repeats.draw_order(self.epoch)
        if self.has_dropout and self.dropout is None:
            self.dropout = DropoutMasks(self.members, self.epoch, self.shape.dtype)
        elif self.dropout:
            self.dropout.start_epoch(self.epoch)
        self.running_error = np.zeros(len(self.members))
        example_count = order.shape[1]
        stride = self.shape.batch_size * STEPS_BETWEEN_FLUSHES
        for start in range(0, example_count, stride):
            with self.clock:
                self._train_on(order[:, start : start + stride])
            yield min(1.0, (start + stride) / example_count)
        self.running_error /= example_count

    # A diverging member computes with infinities until its epoch ends. Its result reports this, so no warnings.
    @np.errstate(all="ignore")
    def _train_on(self, order: np.ndarray) -> None:
        """Train on several mini-batches; `order` (R, n) holds the rows of their examples for each repeat."""
        weights, start = self.repeats.weights_in(order), 0
        for inputs, targets in batches(self.repeats.training, order, self.shape.batch_size):
            work = self._workspace(inputs.shape[1])
            work.load_batch(inputs, targets)
            stop = start + inputs.shape[1]
            own = None if weights is None else weights[self.repeats.rows, start:stop]
            self.running_error += self._step(work, own)
            start = stop
        self.updates.flush()

    def _step(self, work: Workspace, weights: np.ndarray | None) -> np.ndarray:
        """One step on the mini-batch in the workspace; returns each member's summed error before the step.

        `weights` (K, B) are the weights of the examples, if they have any.
        """
        self.networks.evaluate_for_training(work, self.dropout)
        errors = self._differentiate(work, weights)
        self.networks.backpropagate(work)
        self.updates.step()
        return errors

    def _differentiate(self, work: Workspace, weights: np.ndarray | None) -> np.ndarray:
        """Write the gradient of the mean error with respect to the outputs; returns each member's summed error."""
        loss, delta = self.shape.loss, work.deltas[-1]
        if work.output_pass:
            return loss.summed_errors(work.outputs, work.targets, work.output_pass.gradient)
        loss.gradient(work.outputs, work.targets, out=delta)
        if weights is None:
            errors = loss.summed_errors(work.outputs, work.targets, delta)
        else:
            errors = (loss.errors(work.outputs, work.targets) * weights).sum(axis=-1)
            delta *= weights[:, :, np.newaxis].astype(delta.dtype)
        # The mean over the batch, so that the step does not grow with the batch size (Alg. 9 prints the sum).
        delta *= mean_scale(delta)
        return errors

    def _compile(self) -> None:
        """Switch to compiled passes where that pays by now; results do not depend on it."""
        self.clock.look_ahead(self.epoch, max(member.epochs for member in self.members))
        if kernels.may_compile():
            self.updates.compile()
            for work in self.workspaces.values():
                self.networks.compile(work)
            for measurer in (self.on_training, self.on_validation):
                measurer.compile(self.networks)

    def _workspace(self, example_count: int) -> Workspace:
        if example_count not in self.workspaces:
            work = self.workspaces[example_count] = Workspace(
                len(self.members),
                example_count,
                self.networks.layout,
                self.shape.dtype,
                self.repeats.rows,
                own_inputs=self.has_own_inputs,
            )
            # A pass that computes outputs and gradient together cannot apply weights in between.
            work.loss = None if self.repeats.has_weights else self.shape.loss
        return self.workspaces[example_count]

    @np.errstate(all="ignore")
    def _measure(self) -> EpochResults:
        """Measure E_t and E_v after the epoch."""
        with self.clock:
            on_training = self._measure_on(self.on_training, TRAINING_SIDE)
            on_validation = self._measure_on(self.on_validation, VALIDATION_SIDE)
        e_t, e_v = on_training.error, on_validation.error
        self.cross_fit.note(e_t, on_validation, self.networks.parameters)
        reasons = self._apply_stopping_rules(on_training, e_v)
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

    def _measure_on(self, measurer: Measurer, side: int) -> Measurement:
        chosen = self.repeats.choose_measured(self.shape.measured_examples, self.epoch, side)
        measurement = measurer.measure(self.networks, self.repeats.rows, chosen)
        if chosen is None:
            self.evidence.note(measurement.errors, side)
        return measurement

    def _apply_stopping_rules(self, on_training: Measurement, e_v: np.ndarray) -> tuple[str | None, ...]:
        return tuple(
            first_reason(member.stopping, standings, on_training.own_errors[row], float(e_v[row]))
            for row, (member, standings) in enumerate(zip(self.members, self.standings, strict=True))
        )


def learning_rate(member: Member, epoch: int) -> float:
    """The learning rate of a member in an epoch."""
    return member.optimizer.rate * member.schedule.factor(epoch, member.epochs)
