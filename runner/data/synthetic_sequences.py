"""Synthetic sequences; networks without convolutions or recurrent layers receive them as flat inputs."""

from dataclasses import dataclass

import numpy as np
from fitgap.core.datasets import Dataset
from fitgap.core.randomness import Purpose, generator
from fitgap.core.variants import parameter
from fitgap.runner.data.exact_numbers import bell
from fitgap.runner.data.named_set import DrawnSource
from fitgap.runner.data.synthetic_tables import count, deviation, numbered, of_classes

SYMBOLS = 4
# The motif is a b b a.
MOTIF = (0, 1, 1, 0)


@dataclass(frozen=True)
class Adding(DrawnSource):
    """The adding problem: a sequence of numbers, two of which are marked; the target is their sum.

    Every step has a number and its mark (Hochreiter & Schmidhuber 1997, with marks of 0 and 1).
    """

    reading = "numbers"
    examples: int = count(1000)
    length: int = count(10, "length of the sequence", most=500)

    def load(self, seed: int, draw: int = 0) -> Dataset:
        random = generator(seed, draw, Purpose.DATA)
        values, rows = random.random((self.examples, self.length)), np.arange(self.examples)
        half = self.length // 2
        # One in each half, so that the two differ.
        first = random.integers(half, size=self.examples)
        second = half + random.integers(self.length - half, size=self.examples)
        marks = np.zeros(values.shape)
        marks[rows, first] = marks[rows, second] = 1.0
        total = values[rows, first] + values[rows, second]
        pairs = zip(numbered("value", self.length), numbered("mark", self.length), strict=True)
        names = tuple(name for pair in pairs for name in pair)
        inputs = np.stack([values, marks], axis=2).reshape(self.examples, -1)
        axes = (self.length, 2)
        return Dataset("adding", inputs, total[:, np.newaxis], "numbers", names, ("sum",), input_axes=axes)


@dataclass(frozen=True)
class Oscillator(DrawnSource):
    """Noisy observations of an oscillation of random frequency and phase; the target is its next value, without noise.

    An oscillation is x_t = c·x_{t−1} − x_{t−2} with c = 2 cos ω, here of amplitude 1.
    """

    reading = "numbers"
    examples: int = count(1000)
    length: int = count(20, "number of observations", most=500)
    noise: float = deviation(0.1)

    def load(self, seed: int, draw: int = 0) -> Dataset:
        random = generator(seed, draw, Purpose.DATA)
        factor = 2.0 * (0.6 + 0.38 * random.random(self.examples))
        before, now = 2.0 * random.random((2, self.examples)) - 1.0
        energy = (before * before + now * now - factor * before * now) / (1.0 - factor * factor / 4.0)
        amplitude = np.sqrt(energy + 1e-12)
        before, now = before / amplitude, now / amplitude
        series = [before, now]
        for _ in range(self.length - 1):
            before, now = now, factor * now - before
            series.append(now)
        observed = np.column_stack(series[: self.length])
        observed = observed + self.noise * bell(random, observed.shape)
        names = numbered("observation", self.length)
        following, axes = series[self.length][:, np.newaxis], (self.length, 1)
        return Dataset("oscillator", observed, following, "numbers", names, ("next",), input_axes=axes)


@dataclass(frozen=True)
class Motif(DrawnSource):
    """Sequences over an alphabet of four symbols, one-hot encoded: whether the motif abba occurs anywhere."""

    preprocess = "none"
    examples: int = count(1000)
    length: int = parameter(16, at_least=4, at_most=500, whole=True, description="length of the sequence")

    def load(self, seed: int, draw: int = 0) -> Dataset:
        random = generator(seed, draw, Purpose.DATA)
        symbols = random.integers(SYMBOLS, size=(self.examples, self.length))
        start = random.integers(self.length - len(MOTIF) + 1, size=self.examples)
        # The motif is written into every second sequence, and may occur by chance in the others.
        for offset, symbol in enumerate(MOTIF):
            rows = np.arange(0, self.examples, 2)
            symbols[rows, start[rows] + offset] = symbol
        windows = np.lib.stride_tricks.sliding_window_view(symbols, len(MOTIF), axis=1)
        has_motif = (windows == np.array(MOTIF)).all(axis=2).any(axis=1)
        inputs = (symbols[:, :, np.newaxis] == np.arange(SYMBOLS)).reshape(self.examples, -1).astype(np.float64)
        names = tuple(f"{letter}_{place}" for place in range(1, self.length + 1) for letter in "abcd")
        return of_classes("motif", inputs, has_motif, names, "motif", ("absent", "present"), (self.length, SYMBOLS))


@dataclass(frozen=True)
class Parity(DrawnSource):
    """Bit strings, and whether the number of ones among them is even or odd, which depends on every single bit."""

    preprocess = "none"
    examples: int = count(1000)
    length: int = count(8, "length of the bit string", most=500, least=1)

    def load(self, seed: int, draw: int = 0) -> Dataset:
        random = generator(seed, draw, Purpose.DATA)
        bits = random.integers(2, size=(self.examples, self.length))
        names, axes = numbered("bit", self.length), (self.length, 1)
        return of_classes(
            "parity", bits.astype(np.float64), bits.sum(axis=1) % 2, names, "parity", ("even", "odd"), axes
        )


SEQUENCES: dict[str, type[DrawnSource]] = {
    "adding": Adding,
    "oscillator": Oscillator,
    "motif": Motif,
    "parity": Parity,
}
