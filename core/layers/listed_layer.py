"""Layers that an architecture refers to by name, with parameters like other variants."""

import dataclasses
from typing import ClassVar, Self

from fitgap.core.layers.layer import Layer
from fitgap.core.variants import Variant, format_number


@dataclasses.dataclass(frozen=True)
class ListedLayer(Variant, Layer):
    """Base class of the layers in the table `LAYERS`. `word` is the name in the table.

    The shorthand is the name, the headline parameters joined by x, and the other parameters if not at their defaults:
    `conv8x3:stride=2`.
    """

    word: ClassVar[str]
    # The parameter that holds the number of channels or units, for layers that have any.
    width_parameter: ClassVar[str] = "channels"

    @property
    def width(self) -> int:
        """The number of channels or units, for layers that have any."""
        return int(getattr(self, self.width_parameter))

    def with_width(self, width: int) -> Self:
        """The same layer with this many channels or units."""
        return dataclasses.replace(self, **{self.width_parameter: width})

    @property
    def shorthand(self):
        fields = dataclasses.fields(self)
        numbers = "x".join(str(getattr(self, field.name)) for field in fields if field.metadata["headline"])
        others = [
            f"{field.name}={format_number(getattr(self, field.name))}"
            for field in fields
            if not field.metadata["headline"] and getattr(self, field.name) != field.default
        ]
        return f"{self.word}{numbers}" + (f":{','.join(others)}" if others else "")

    def label(self, name):
        return self.shorthand
