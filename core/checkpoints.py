"""The saved state of a member: everything it needs to go on, in any pack, as if it had never been interrupted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from fitgap.core.functions import own_layout
from fitgap.core.layers import Layout
from fitgap.core.members import Member
from fitgap.core.stopping import Standing


@dataclass(frozen=True, eq=False)
class MemberState:
    """A member between two epochs. Random numbers have keys (see `fitgap.core.randomness`), so none of theirs is here.

    `epoch` and `steps` count those that it has trained. `parameters` (P,) and `slots` (S, P), as many as its optimizer
    has, lie as where the member is alone. `standings` (rules, 2), float64, has of each of its stopping rules the epochs
    counted and the best E_v.
    """

    epoch: int
    steps: int
    parameters: np.ndarray
    slots: np.ndarray
    standings: np.ndarray

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The state as arrays by name, such as an `.npz` keeps."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """The state that `to_arrays` wrote."""
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
    """The standings that `standings_as_numbers` wrote."""
    return [Standing(int(epochs), float(best)) for epochs, best in numbers]


def check_states(states: Sequence[MemberState], members: Sequence[Member], sizes: tuple[int, ...], dtype: str) -> None:
    """Raise ValueError where these states are not those of these members between the same two epochs."""
    if len(states) != len(members):
        raise ValueError(f"every member needs its state, but {len(members)} members have {len(states)} states")
    if len({(state.epoch, state.steps) for state in states}) > 1:
        met = sorted({(state.epoch, state.steps) for state in states})
        raise ValueError(f"members go on together from the same epoch and step, but theirs are {met}")
    for member, state in zip(members, states, strict=True):
        check_state(state, member, own_layout(sizes, member), dtype)


def check_state(state: MemberState, member: Member, own: Layout, dtype: str) -> None:
    """Raise ValueError where the state is not that of such a member, or where it has no epoch left to train."""
    found = state.parameters.shape, state.slots.shape, state.standings.shape
    expected = (own.row_length,), (member.optimizer.slot_count, own.row_length), (len(member.stopping), 2)
    if found != expected:
        raise ValueError(f"the state of this member has arrays of the shapes {expected}, but received {found}")
    if {state.parameters.dtype, state.slots.dtype} != {np.dtype(dtype)}:
        raise ValueError(f"a member in {dtype} goes on from a state in it, but received {state.parameters.dtype}")
    if state.epoch >= member.epochs:
        raise ValueError(f"after epoch {state.epoch} of {member.epochs} a member has none left to go on with")
