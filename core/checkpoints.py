"""Saved states of members: everything a member needs to resume in any pack, with bit-for-bit equal results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from fitgap.core.activation_parameters import own_layout
from fitgap.core.members import Member
from fitgap.core.network_shape import NetworkShape
from fitgap.core.parameter_layout import Layout
from fitgap.core.stopping import Standing


@dataclass(frozen=True, eq=False)
class MemberState:
    """A member between two epochs. It needs no random state: random numbers are keyed (see `fitgap.core.randomness`).

    `epoch` and `steps` count the epochs and steps trained so far. `parameters` (P,) and the optimizer's `slots` (S, P)
    have the layout of a pack with this member only. `standings` (rules, 2), float64, holds for each stopping rule the
    number of epochs counted and the best E_v.
    """

    epoch: int
    steps: int
    parameters: np.ndarray
    slots: np.ndarray
    standings: np.ndarray

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The state as named arrays, ready for an `.npz` file."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """The inverse of `to_arrays`."""
        return cls(
            epoch=int(arrays["epoch"]),
            steps=int(arrays["steps"]),
            parameters=arrays["parameters"],
            slots=arrays["slots"],
            standings=arrays["standings"],
        )


def standings_as_numbers(standings: Sequence[Standing]) -> np.ndarray:
    """Standings as (rules, 2) numbers."""
    return np.array([(standing.epochs, standing.best) for standing in standings], np.float64).reshape(-1, 2)


def standings_from_numbers(numbers: np.ndarray) -> list[Standing]:
    """The inverse of `standings_as_numbers`."""
    return [Standing(int(epochs), float(best)) for epochs, best in numbers]


def check_states(states: Sequence[MemberState], members: Sequence[Member], shape: NetworkShape, dtype: str) -> None:
    """Raise ValueError unless the states fit the members and all have the same epoch and step."""
    if len(states) != len(members):
        raise ValueError(f"every member needs a state, but {len(members)} members have {len(states)} states")
    if len({(state.epoch, state.steps) for state in states}) > 1:
        found = sorted({(state.epoch, state.steps) for state in states})
        raise ValueError(f"all members must resume from the same epoch and step, but theirs are {found}")
    for member, state in zip(members, states, strict=True):
        check_state(state, member, own_layout(shape, member), dtype)


def check_state(state: MemberState, member: Member, own: Layout, dtype: str) -> None:
    """Raise ValueError if the state does not fit the member, or if the member has no epochs left to train."""
    found = state.parameters.shape, state.slots.shape, state.standings.shape
    expected = (own.row_length,), (member.optimizer.slot_count, own.row_length), (len(member.stopping), 2)
    if found != expected:
        raise ValueError(f"the state of this member must have arrays of the shapes {expected}, but received {found}")
    if {state.parameters.dtype, state.slots.dtype} != {np.dtype(dtype)}:
        raise ValueError(f"a member in {dtype} needs a state in {dtype}, but received {state.parameters.dtype}")
    if state.epoch >= member.epochs:
        raise ValueError(f"the state is of epoch {state.epoch} of {member.epochs}, so no epoch is left to train")
