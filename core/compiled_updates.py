"""Compiled passes of the update step: penalties, optimizers and the flush, bound to the buffers of a pack."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from fitgap.core.kernels.binding import BoundPass, bind
from fitgap.core.kernels.expressions import Expression, magnitude, where_at_least
from fitgap.core.kernels.fused_pass import Formula
from fitgap.core.optimizers import Optimizer
from fitgap.core.optimizers.formulas import with_weight_decay


class CompiledOptimizer:
    """The step of one optimizer for the rows of its members.

    With decoupled weight decay, one pass updates the weights, which are the first `weight_count` columns, and another
    all other columns; otherwise a single pass updates all columns. `numbers` are the optimizer's settings, as passed
    to `Optimizer.step`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        formula: Formula,
        parameters: np.ndarray,
        gradient: np.ndarray,
        slots: Sequence[np.ndarray],
        weight_count: int,
        numbers: Mapping[str, np.ndarray],
    ):
        self.optimizer = optimizer
        buffers = {"parameters": parameters, "gradient": gradient}
        buffers |= {f"slot_{number}": slot for number, slot in enumerate(slots, start=1)}
        shape, dtype = (len(parameters), 1), parameters.dtype
        # The passes read these arrays at every step.
        self.step_numbers = {name: np.empty(shape, dtype) for name in optimizer.step_numbers(1, **numbers)}
        self.shrinks = optimizer.kept(**numbers) is not None
        self.kept = np.empty(shape, dtype)
        self.passes = self._bind(formula, buffers, weight_count)
        self.set_numbers(numbers)

    def _bind(self, formula: Formula, buffers: Mapping[str, np.ndarray], weight_count: int) -> list[BoundPass | None]:
        if not self.shrinks:
            return [bind(formula, {**buffers, **self.step_numbers}, written="parameters")]
        weights = {name: buffer[:, :weight_count] for name, buffer in buffers.items()}
        others = {name: buffer[:, weight_count:] for name, buffer in buffers.items()}
        shrinking = {**weights, **self.step_numbers, "kept": self.kept}
        return [
            bind(with_weight_decay(formula), shrinking, written="parameters"),
            bind(formula, {**others, **self.step_numbers}, written="parameters"),
        ]

    @property
    def is_complete(self) -> bool:
        """Whether there is machine code for the whole step."""
        return None not in self.passes

    def set_numbers(self, numbers: Mapping[str, np.ndarray]) -> None:
        """Use these settings for the following steps."""
        self.numbers = {name: np.broadcast_to(number, self.kept.shape) for name, number in numbers.items()}
        for name, value in self.optimizer.step_numbers(1, **numbers).items():
            np.copyto(self.step_numbers[name], value)
        if self.shrinks:
            self.kept[:] = self.optimizer.kept(**numbers)

    def step(self) -> None:
        """Decay and step, as `Optimizer.decay` and `Optimizer.step` do."""
        for compute in self.passes:
            if compute:
                compute()


class BiasCorrections:
    """The bias corrections of all compiled optimizers that have them, computed together before every step."""

    def __init__(self, optimizers: Sequence[CompiledOptimizer]):
        rate, beta_1, beta_2, self.epsilon = (
            np.concatenate([each.numbers[name] for each in optimizers])
            for name in ("rate", "beta_1", "beta_2", "epsilon")
        )
        # As in `bias_corrected`, but terms that do not change from step to step are computed only once.
        self.betas = np.stack([beta_1, beta_2]).astype(np.float64)
        remainder_1, self.remainder_2 = 1 - self.betas
        self.length = rate * remainder_1
        ends = np.cumsum([len(each.kept) for each in optimizers]).tolist()
        rows = [slice(start, end) for start, end in itertools.pairwise([0, *ends])]
        self.places = [
            (each.step_numbers["length"], each.step_numbers["outside"], own)
            for each, own in zip(optimizers, rows, strict=True)
        ]

    def set(self, step_number: int) -> None:
        """Set `length` and `outside` of every optimizer for this step, to the same bits as `bias_corrected`."""
        correction_1, correction_2 = 1 - self.betas**step_number
        root = np.sqrt(correction_2 / self.remainder_2)
        length, outside = self.length / correction_1 * root, self.epsilon * root
        for its_length, its_outside, rows in self.places:
            # Assignment rounds to the dtype of the training.
            its_length[:], its_outside[:] = length[rows], outside[rows]


def flush_pass(slot: np.ndarray, lowest: float) -> BoundPass | None:
    """The pass that sets those values of a slot (K, P) to 0 whose magnitude is below `lowest`."""
    return bind(flushed, {"slot": slot, "lowest": np.full((1, 1), lowest, slot.dtype)}, written="slot")


def flushed(slot: Expression, lowest: Expression) -> dict[str, Expression]:
    # A product, as in NumPy, so that NaN stays NaN and −x becomes −0.
    return {"slot": slot * where_at_least(magnitude(slot), lowest, 1.0, 0.0)}
