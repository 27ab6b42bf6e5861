"""Studies from Python: a question, the sweep that answers it, and the answer with its groups as a frame."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from fitgap.runner.driver import launch_new
from fitgap.runner.engine.placement import placement_of, require_count
from fitgap.runner.errors import SpecError, nearest
from fitgap.runner.files.output_files import written_file
from fitgap.runner.frames.running import Caller, EngineName, Notify, SweepFrames
from fitgap.runner.frames.tables import with_kept_table
from fitgap.runner.frames.types import study_frame
from fitgap.runner.store import open_store as open_rows
from fitgap.runner.studies import Size, StudyRequest, StudyResult, planned_study, result_of, study_named

if TYPE_CHECKING:
    import altair as alt


@dataclass(frozen=True)
class StudyFrames:
    """The answer of a study.

    `outcome` is one of a few words that programs can rely on. `answer` gives it in sentences, with its uncertainty.
    `groups` holds the groups on which it is based, and `about` says what their numbers are. `sweep` is the trained
    sweep.
    """

    study: str
    question: str
    sweep: SweepFrames
    outcome: str
    answer: tuple[str, ...]
    groups: pl.DataFrame
    about: str = ""

    def __str__(self) -> str:
        return "\n".join([self.question, *self.answer])

    def plot(self, **options: Any) -> "alt.TopLevelMixin":
        """The picture of the study, an Altair chart; `width` and `theme` are those of `fitgap plot`."""
        with open_rows(self.sweep.db) as store:
            return result_of(study_named(self.study), store, self.sweep.name).chart(store, **options)


def run_study(
    name: str,
    *,
    data: Any = None,
    target: str | list[str] | None = None,
    repeats: int | None = None,
    size: str = Size.USUAL,
    seed: int = 0,
    file: str | os.PathLike[str] | None = None,
    db: str | None = None,
    engine: EngineName = "auto",
    workers: int | None = None,
    notify: Notify = print,
) -> StudyFrames:
    """Train the sweep of a study and return its answer; `fitgap list studies` shows the names.

    `data` is the name of a data set, a path, a table in memory, or a mapping like the `data` section of a sweep file
    (default: the study's own data). `size` is `quick`, `usual` or `thorough`. The sweep file is written to `file`, if
    one is given. The other arguments are those of `run_sweep`. Raises FitgapError.
    """
    study = study_named(name)
    if size not in set(Size):
        raise SpecError(f"there is no size {size!r}; {nearest(str(size), [str(each) for each in Size])}")
    if repeats is not None:
        require_count("repeats", repeats, "5")
    placement = placement_of(engine, workers, None, None, None, False)
    section = study.data if data is None else data_section(data, target)
    path = None if file is None else Path(file)
    planned = planned_study(StudyRequest(study, section, Size(size), repeats, seed), path)
    if path is not None and planned.text is not None:
        with written_file(path) as place:
            place.write_text(planned.text, encoding="utf-8")
    for line in planned.prepared.report:
        notify(line)
    trained: SweepFrames = launch_new(planned.prepared, placement, db, Caller(db, notify))
    return answer_study(name, trained.name, db=db)


def answer_study(name: str, sweep: str | int, *, db: str | None = None) -> StudyFrames:
    """The answer of a study from a stored sweep, without training. Raises FitgapError."""
    study = study_named(name)
    with open_rows(db) as store:
        study.check_sweep(store, sweep)
        return frames_of(result_of(study, store, sweep), db)


def data_section(data: Any, target: Any) -> Mapping[str, Any]:
    """The data section of a sweep; a table is kept in memory."""
    found: Mapping[str, Any] = with_kept_table({"data": data, **({} if target is None else {"target": target})})["data"]
    return found if isinstance(found, Mapping) else {"source": found}


def frames_of(result: StudyResult, db: str | None) -> StudyFrames:
    answer = result.answer
    return StudyFrames(
        study=result.study.name,
        question=result.study.question,
        sweep=SweepFrames(result.sweep, db),
        outcome=answer.outcome,
        answer=tuple(result.sentences()),
        groups=study_frame(answer.rows, result.study.keys),
        about=answer.about,
    )
