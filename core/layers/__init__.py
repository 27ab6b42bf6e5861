"""Layers of networks, one file per kind: their shapes, weights, and forward and backward passes.

`LAYERS` holds the layers that an architecture refers to by name; a dense layer is written as its number of units.
"""

from fitgap.core.layers.convolution import Convolution
from fitgap.core.layers.elman import Elman
from fitgap.core.layers.gru import Gated
from fitgap.core.layers.listed_layer import ListedLayer
from fitgap.core.layers.lstm import Memory
from fitgap.core.layers.normalization import Normalization
from fitgap.core.layers.pooling import AveragePooling, GlobalAveragePooling, MaximumPooling
from fitgap.core.layers.residual import Residual

LAYERS: dict[str, type[ListedLayer]] = {
    "conv": Convolution,
    "pool": MaximumPooling,
    "avgpool": AveragePooling,
    "globalpool": GlobalAveragePooling,
    "rnn": Elman,
    "gru": Gated,
    "lstm": Memory,
    "norm": Normalization,
    "res": Residual,
}
