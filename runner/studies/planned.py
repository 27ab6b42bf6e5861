"""A study prepared for its data: its sweep file as text, and the prepared sweep."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fitgap.runner.data import is_file, is_in_memory
from fitgap.runner.errors import SpecError
from fitgap.runner.planning.preparation import PreparedSweep, prepare_sweep
from fitgap.runner.spec import sweep_from_mapping, sweep_from_text
from fitgap.runner.studies.study import Plan, Size, Study
from fitgap.runner.studies.sweep_text import sweep_text

# The smallest sweep, prepared only to read the data.
SMALLEST = {"repeats": 1, "axes": {"architecture": ["none"]}}
MOST_FILES = 1000


@dataclass(frozen=True)
class StudyRequest:
    """The study to plan, and its options. `data` and `seed` are in the form of a sweep file."""

    study: Study
    data: Mapping[str, Any]
    size: Size = Size.USUAL
    repeats: int | None = None
    seed: Any = 0


@dataclass(frozen=True)
class PlannedStudy:
    """A study ready to be trained: the content of its sweep file, None for data in memory, and the prepared sweep."""

    study: Study
    text: str | None
    prepared: PreparedSweep


def planned_study(request: StudyRequest, file: Path | None = None) -> PlannedStudy:
    """The sweep of a study; its text is meant for the path `file`, if given. Raises SpecError or DataError."""
    study, data = request.study, dict(request.data)
    dataset = prepare_sweep(sweep_from_mapping({"data": data, "seed": request.seed, **SMALLEST})).dataset
    study.check(dataset)
    has_classes = dataset.target_kind == "classes"
    settings = study.settings(Plan(dataset.example_count, request.size, request.repeats, has_classes))
    content = {"name": study.name, "data": data, "seed": request.seed, **settings}
    if isinstance(data["source"], str) and is_in_memory(data["source"]):
        if file is not None:
            raise SpecError("a sweep file cannot contain data in memory; leave out file, or write the data to a file")
        return PlannedStudy(study, None, prepare_sweep(sweep_from_mapping(content)))
    if file is None:
        return PlannedStudy(study, sweep_text(content, comments_of(study)), prepare_sweep(sweep_from_mapping(content)))
    text = sweep_text({**content, "data": seen_from(data, file.parent)}, comments_of(study))
    return PlannedStudy(study, text, prepare_sweep(sweep_from_text(text, os.fspath(file))))


def comments_of(study: Study) -> Sequence[str]:
    """The comments at the top of the sweep file."""
    return (
        f"Study {study.name}: {study.question}",
        f"Written by `fitgap study {study.name}`. You may change it and train it with `fitgap run FILE`; then",
        f"`fitgap study {study.name} --sweep NAME` answers the question for the sweep with that name.",
    )


def seen_from(data: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A data section whose path, if it has one, is relative to the folder of the sweep file, or else absolute."""
    source = data["source"]
    if not isinstance(source, str) or not is_file(source):
        return dict(data)
    path = Path(os.path.expanduser(source)).absolute()
    inside = path.is_relative_to(folder.absolute())
    found = os.path.relpath(path, folder.absolute()) if inside else os.fspath(path)
    # A path without a folder could be taken for a data set's name.
    return {**data, "source": found if os.sep in found else f".{os.sep}{found}"}


def unused_file(study: Study, folder: Path, text: str | None = None) -> Path:
    """The path of a sweep file with the study's name that does not exist yet, or that already has this content."""
    for number in range(1, MOST_FILES):
        path = folder / f"{study.name}{'' if number == 1 else f'-{number}'}.yaml"
        if not path.exists() or (text is not None and has_content(path, text)):
            return path
    raise SpecError(f"{folder} already has {MOST_FILES - 1} files {study.name}-N.yaml; name another one with -o FILE")


def has_content(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False
