"""Recurrent layers: units that read the inputs step by step, with their own outputs from the previous step."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from fitgap.core.layers.layer import Shape, WeightBlock, shape_label
from fitgap.core.layers.listed_layer import ListedLayer
from fitgap.core.variants import parameter

if TYPE_CHECKING:
    from fitgap.core.layers.bound_recurrent import BoundRecurrent

OUTPUTS = ("last", "all")


@dataclass(frozen=True)
class Recurrent(ListedLayer):
    """Base class of the recurrent layers over inputs with the axes (steps, channels), from h = 0 before the first step.

    The weights are W (g·units, channels) for the inputs and U (g·units, units) for the outputs of the previous step,
    with g sums per unit. A layer that is followed by one that needs axes always outputs all steps.
    """

    units: int = parameter(whole=True, at_least=1, at_most=100_000, headline=True, description="number of units")
    outputs: str = parameter("last", choices=OUTPUTS, description="outputs of the last step, or of all steps")

    truncate: int = parameter(
        0,
        whole=True,
        at_least=0,
        at_most=100_000,
        description="number of steps through which gradients propagate, back from the last step; 0: no limit",
    )

    width_parameter = "units"
    sums_per_unit: ClassVar[int] = 1
    bound: ClassVar[type["BoundRecurrent"]]

    @property
    def has_units(self):
        return True

    @property
    def has_functions(self):
        return False

    @property
    def applies_functions(self):
        return True

    @property
    def leaves_out_padding(self):
        # Truncation counts back from the last step of the array.
        return not self.truncate

    def followed_by(self, following):
        return replace(self, outputs="all") if following.needs_axes else self

    def output_shape(self, shape):
        check_steps(shape)
        return (shape[0], self.units) if self.outputs == "all" else (self.units,)

    def blocks(self, shape):
        check_steps(shape)
        sums = self.sums_per_unit * self.units
        return (
            WeightBlock(sums, shape[-1], fan_out=self.units),
            WeightBlock(sums, self.units, fan_out=self.units, reads_inputs=False),
        )

    def multiplications(self, shape):
        return shape[0] * sum(block.size for block in self.blocks(shape))

    def scratch(self, shape):
        # The inputs and their derivative, the sums and theirs, and up to three more values of each unit.
        return shape[0] * (2 * shape[1] + (2 * self.sums_per_unit + 4) * self.units)

    def bind(self, shape, buffers):
        return self.bound(self, shape, buffers)


def check_steps(shape: Shape) -> None:
    """Raise ValueError unless the inputs are sequences."""
    if len(shape) != 2:
        found = f"{shape[0]} values without axes" if len(shape) == 1 else shape_label(shape)
        raise ValueError(f"needs inputs with the axes (steps, channels), but gets {found}")
