"""Data sets shipped with the package. See `shipped/ORIGIN.md` for their origin and licenses."""

from dataclasses import dataclass
from importlib.resources import files
from typing import ClassVar

import numpy as np
from fitgap.core.datasets import Dataset
from fitgap.runner.data.named_set import Source


@dataclass(frozen=True)
class Shipped(Source):
    """A data set in `shipped/<file>.npz`. Targets of unsigned integers are class numbers, others are values."""

    file: ClassVar[str]
    target: ClassVar[str]
    largest_input: ClassVar[float] = 1.0
    axes: ClassVar[tuple[int, ...]] = ()
    origin = "UCI repository, CC BY 4.0"

    def load(self, seed: int) -> Dataset:
        arrays = read_shipped(self.file)
        classes = arrays["targets"].dtype.kind == "u"
        return Dataset(
            name=self.file,
            inputs=arrays["inputs"].astype(np.float64) / self.largest_input,
            targets=arrays["targets"].astype(np.float64)[:, np.newaxis],
            target_kind="classes" if classes else "numbers",
            input_names=tuple(arrays["input_names"].tolist()),
            target_names=(self.target,),
            class_names=tuple(arrays["target_names"].tolist()) if classes else (),
            input_axes=self.axes,
        )


def read_shipped(file: str) -> dict[str, np.ndarray]:
    """The arrays of a shipped file by name."""
    resource = files("fitgap.runner.data") / "shipped" / f"{file}.npz"
    with resource.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


@dataclass(frozen=True)
class Digits(Shipped):
    """Handwritten digits: 1,797 images of 8 x 8 pixels, ten classes."""

    file = "digits"
    target = "digit"
    largest_input = 16.0
    axes = (8, 8, 1)
    # Pixels already share one scale, and standardizing would amplify those that are almost always white.
    preprocess = "none"


@dataclass(frozen=True)
class Iris(Shipped):
    """Iris flowers: 150 examples of four lengths, three species."""

    file = "iris"
    target = "species"


@dataclass(frozen=True)
class Wine(Shipped):
    """Wines: 178 examples of 13 chemical measurements, three cultivars."""

    file = "wine"
    target = "cultivar"


@dataclass(frozen=True)
class BreastCancer(Shipped):
    """Breast cancer: 569 examples of 30 measurements of cell nuclei, malignant or benign."""

    file = "breast_cancer"
    target = "diagnosis"


@dataclass(frozen=True)
class Diabetes(Shipped):
    """Diabetes: 442 examples of ten measurements, and the progression of the disease as a number."""

    file = "diabetes"
    origin = "scikit-learn, BSD-3-Clause"
    target = "progression"
    reading = "numbers"


SHIPPED_SETS: dict[str, type[Source]] = {
    "digits": Digits,
    "iris": Iris,
    "wine": Wine,
    "breast_cancer": BreastCancer,
    "diabetes": Diabetes,
}
