"""Warnings about the examples of a file: inputs that leak the target, and duplicates across the split."""

from collections.abc import Iterator

import numpy as np
import polars
from fitgap.core.datasets import Dataset, Split
from fitgap.runner.data.error_texts import visible
from fitgap.runner.data.inspection.leaks import leak

# Columns are first tried on this many rows, which rules out nearly all.
TRIED_ROWS = 2_000
MOST_NAMES = 3
# Rows copied at a time.
HASHED_ROWS = 50_000
# Below this share of the validation examples, duplicates hardly change E_v and may be due to chance.
LEAST_SHARE = 0.01


def suspicions(dataset: Dataset, split: Split, source: str) -> list[str]:
    """One line for each problem that makes the validation errors of a split misleading."""
    return [line for line in (leak_line(dataset), duplicates_line(dataset, split, source)) if line]


def leak_line(dataset: Dataset) -> str | None:
    """The inputs that probably contain the target."""
    found: dict[str, str] = {}
    for name, values in columns_of(dataset):
        for target, wanted in zip(dataset.target_names, dataset.targets.T, strict=True):
            # Classes are compared by name, since their numbers have no order.
            classes = np.array(dataset.class_names, object)
            reason = leak_of(values, classes[wanted.astype(int)] if len(classes) else wanted)
            if reason:
                found.setdefault(name, f"{visible(name)} {reason} {visible(target)}")
    if not found:
        return None
    more = f" and {len(found) - MOST_NAMES} more" if len(found) > MOST_NAMES else ""
    ignored = " ".join(f"--ignore {visible(name)}" for name in list(found)[:MOST_NAMES])
    listed = ", ".join(list(found.values())[:MOST_NAMES])
    return f"warning: {listed}{more}; if this input is unknown at prediction time, leave it out with {ignored}"


def columns_of(dataset: Dataset) -> Iterator[tuple[str, np.ndarray]]:
    """The columns of the file by name, (N,) each: text as its categories, all others as numbers."""
    place = 0
    first = {f"{name}={categories[0]}": name for name, categories in dataset.text_columns.items() if categories}
    while place < dataset.input_count:
        name = first.get(dataset.input_names[place])
        if name is None:
            yield dataset.input_names[place], dataset.inputs[:, place]
            place += 1
        else:
            categories = np.array(dataset.text_columns[name], object)
            yield name, categories[dataset.inputs[:, place : place + len(categories)].argmax(axis=1)]
            place += len(categories)


def leak_of(values: np.ndarray, target: np.ndarray) -> str | None:
    """Why a column probably leaks the target; None if it does not."""
    if leak(series(values[:TRIED_ROWS]), series(target[:TRIED_ROWS])) is None:
        return None
    return leak(series(values), series(target))


def series(values: np.ndarray) -> polars.Series:
    """The values of a column as a polars series."""
    return polars.Series(values.tolist(), dtype=polars.String) if values.dtype == object else polars.Series(values)


def duplicates_line(dataset: Dataset, split: Split, source: str) -> str | None:
    """A line with the number of validation examples whose inputs and targets also occur in the training examples."""
    if np.array_equal(split.training, split.validation):
        return None
    keys = hashes(dataset)
    # Sorted, a million examples take a thirtieth of the time that `np.isin` takes.
    training, validation = np.sort(keys[split.training]), np.sort(keys[split.validation])
    places = np.minimum(np.searchsorted(training, validation), len(training) - 1)
    count = int((training[places] == validation).sum())
    total = len(split.validation)
    if count < max(2, LEAST_SHARE * total):
        return None
    if count == total:
        return (
            f"warning: every validation example of {visible(source)} is a training example too, so E_v says nothing "
            "new; choose other validation examples"
        )
    return (
        f"warning: {count:,} of {total:,} validation examples of the first repeat are training examples too, so E_v "
        "may be too low; remove duplicate rows, or keep them together with --validation group=COLUMN"
    )


def hashes(dataset: Dataset) -> np.ndarray:
    """A hash (N,) of the inputs and targets of every example."""
    parts = [slice(start, start + HASHED_ROWS) for start in range(0, dataset.example_count, HASHED_ROWS)]
    tables = (np.hstack([dataset.inputs[part], dataset.targets[part]]) for part in parts)
    return np.concatenate([polars.DataFrame(table).hash_rows().to_numpy() for table in tables])
