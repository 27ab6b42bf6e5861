"""Examples as binary files. Polars, which is slow to load, is imported only when it is needed."""

from pathlib import Path
from typing import Any

import numpy as np
from fitgap.runner.used_examples import UsedExamples


def write_npz(examples: UsedExamples, path: Path) -> None:
    """Write examples as an NPZ file, which needs no pickle to be read."""
    with path.open("wb") as file:
        arrays: dict[str, Any] = dict(examples.arrays())
        np.savez_compressed(file, **arrays)


def write_parquet(examples: UsedExamples, path: Path) -> None:
    """Write examples as a Parquet file."""
    from fitgap.runner.cli.render.parquet import as_os_error, target_of
    from fitgap.runner.frames.types import example_frame

    with as_os_error(), target_of(path) as target:
        example_frame(examples.columns()).write_parquet(target)
