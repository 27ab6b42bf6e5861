"""Protocols for modules that measure a pack in training, so that they do not have to import the pack."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from fitgap.core.evaluation import Measurer
from fitgap.core.members import Member, PackShape
from fitgap.core.network import Networks
from fitgap.core.repeats import Repeats


class WaitingEpochs(Protocol):
    """Epochs from which no evidence has been extracted yet; see `fitgap.core.cross_fit`."""

    @property
    def waiting(self) -> Sequence[object]: ...
    def search(self) -> None: ...


class InTraining(Protocol):
    """A pack of members in training; see `fitgap.core.pack_members`."""

    shape: PackShape
    repeats: Repeats
    networks: Networks
    members: list[Member]
    member_numbers: np.ndarray
    on_training: Measurer
    on_validation: Measurer
    cross_fit: WaitingEpochs
    epoch: int
