"""A sequence of configurations that are created on access."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import overload

from fitgap.runner.spec.configuration import Configuration


class ConfigurationSequence(Sequence[Configuration]):
    """Indexing and slicing for subclasses, which implement `__len__` and `at`."""

    @abstractmethod
    def at(self, position: int) -> Configuration:
        """The configuration at a position, from 0 to the length minus 1."""

    @overload
    def __getitem__(self, position: int) -> Configuration: ...
    @overload
    def __getitem__(self, position: slice) -> list[Configuration]: ...
    def __getitem__(self, position: int | slice) -> Configuration | list[Configuration]:
        places = range(len(self))[position]
        return self.at(places) if isinstance(places, int) else [self.at(each) for each in places]
