"""`fitgap study`: a question about networks, answered by one sweep, in words and with a picture."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from fitgap.runner.cli.options import placement_flags, sweep_flags
from fitgap.runner.cli.options.common import Database
from fitgap.runner.cli.render.lines import report, say
from fitgap.runner.cli.terminal import Terminal, command

if TYPE_CHECKING:
    from fitgap.runner.driver import SweepStoppedError, WrittenSweep
    from fitgap.runner.engine.placement import Placement
    from fitgap.runner.store import Store
    from fitgap.runner.studies import PlannedStudy, Study, StudyResult

# Repeated here, because loading the studies would slow down every command; a test compares them.
NAMES = (
    *("capacity", "learning-curve", "double-descent", "regularization", "optimizers", "depth", "early-stopping"),
    *("repeats", "batch-size", "boundaries"),
)
UNFINISHED = ("pending", "running")


class Size(StrEnum):
    """How much a study trains."""

    QUICK = "quick"
    USUAL = "usual"
    THOROUGH = "thorough"


class AnswerFormat(StrEnum):
    """How an answer in words is printed."""

    TABLE = "table"
    JSON = "json"


def study(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help=f"One of {', '.join(NAMES)}. Without a name, the studies are listed with their questions.",
            show_default=False,
        ),
    ] = None,
    data: sweep_flags.Data = None,
    target: sweep_flags.Target = None,
    validation: sweep_flags.Validation = None,
    inputs: sweep_flags.Inputs = None,
    ignore: sweep_flags.Ignore = None,
    repeats: Annotated[
        int | None,
        typer.Option(
            min=2, metavar="N", help="Trials per configuration (default: the study's own).", show_default=False
        ),
    ] = None,
    size: Annotated[Size, typer.Option(help="How much to train.")] = Size.USUAL,
    seed: sweep_flags.Seed = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Sweep file to write (default: NAME.yaml).", show_default=False
        ),
    ] = None,
    chart: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Picture to write (default: NAME.png).", show_default=False),
    ] = None,
    sweep: Annotated[
        str | None,
        typer.Option(metavar="SWEEP", help="Answer from this stored sweep, without training.", show_default=False),
    ] = None,
    engine: placement_flags.Engine = "auto",
    workers: placement_flags.Workers = None,
    address: placement_flags.Address = None,
    cores_per_pack: placement_flags.CoresPerPack = None,
    most_in_flight: placement_flags.MostInFlight = None,
    mixed_versions: placement_flags.MixedVersions = False,
    database: Database = None,
    output_format: Annotated[AnswerFormat, typer.Option("--format", help="Output format.")] = AnswerFormat.TABLE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the sweep file without training.")] = False,
) -> None:
    """Answer a question about networks: write a sweep file, train the sweep, and state the answer, with a picture."""
    from fitgap.runner.studies import study_named

    if name is None:
        list_studies()
        return
    chosen = study_named(name)
    if chart is not None:
        from fitgap.runner.charts.files import check_format

        check_format(chart)
    if sweep is not None:
        show_stored(chosen, sweep, chart, database, output_format)
        return
    from fitgap.runner.engine.placement import placement_of
    from fitgap.runner.spec import Flags, with_flags
    from fitgap.runner.studies import Size as StudySize
    from fitgap.runner.studies import StudyRequest, planned_study, unused_file

    placement = placement_of(engine, workers, address, cores_per_pack, most_in_flight, mixed_versions)
    flags = Flags(
        data=data,
        target=[target] if target else [],
        validation=validation,
        inputs=inputs or [],
        ignore=ignore or [],
        seed=seed,
    )
    written = with_flags({"data": chosen.data, "seed": 0}, flags)
    request = StudyRequest(chosen, written["data"], StudySize(size.value), repeats, written["seed"])
    planned = planned_study(request, output or unused_file(chosen, Path()))
    if dry_run:
        say(*str(planned.text).splitlines())
        return
    from fitgap.runner.store import open_store_for_writing

    # Fail before a sweep file is written if the database is not usable.
    open_store_for_writing(database).close()
    file = keep_file(planned, output)
    report(*planned.prepared.report)
    StudyTraining(planned, file, chart, output_format, database).train(placement)


def list_studies() -> None:
    """Print the studies with their questions."""
    from fitgap.runner.cli.render.text_tables import print_table
    from fitgap.runner.studies import STUDIES

    print_table([{"name": each.name, "question": each.question} for each in STUDIES.values()], ("name", "question"))
    say("Choose one, such as: fitgap study capacity")


class StudyTraining(Terminal):
    """Shows the training of a study, and then its answer instead of a leaderboard."""

    def __init__(
        self,
        planned: "PlannedStudy",
        file: Path,
        chart: Path | None,
        output_format: AnswerFormat,
        database: str | None,
    ):
        super().__init__(database)
        self.planned, self.file, self.chart, self.output_format = planned, file, chart, output_format

    def train(self, placement: "Placement") -> None:
        """Train the sweep, answer, and exit."""
        from fitgap.runner.cli.terminal import train_new

        report(f"sweep file: {self.file}")
        train_new(self.planned.prepared, placement, self.database, self)

    def conclude(self, store: "Store", written: "WrittenSweep", spent: str | None) -> int:
        from fitgap.runner.cli.outcome import present_counts

        counts = present_counts(store, written)
        show(self.planned.study, store, counts["name"], self.chart or self.file.with_suffix(".png"), self.output_format)
        left = sum(counts[status] for status in UNFINISHED)
        if left:
            report(f"continue with: {command('resume', counts['name'], database=self.database)}")
        return int(bool(left or counts["failed"]))

    def stopped(self, stop: "SweepStoppedError") -> int:
        code = super().stopped(stop)
        if stop.sweep_name is not None:
            name = self.planned.study.name
            answered = command("study", name, "--sweep", stop.sweep_name, database=self.database)
            report(f"then get the answer with: {answered}")
        return code


def keep_file(planned: "PlannedStudy", output: Path | None) -> Path:
    """Write the sweep file of a study; returns its path. A file with the study's name is never overwritten."""
    from fitgap.runner.files.output_files import written_file
    from fitgap.runner.studies import unused_file

    text = str(planned.text)
    file = output or unused_file(planned.study, Path(), text)
    with written_file(file) as path:
        path.write_text(text, encoding="utf-8")
    return file


def show_stored(
    chosen: "Study", sweep: str, chart: Path | None, database: str | None, output_format: AnswerFormat
) -> None:
    """Print the answer for a stored sweep."""
    from fitgap.runner.store import open_store

    with open_store(database) as store:
        chosen.check_sweep(store, sweep)
        show(chosen, store, sweep, chart, output_format)


def show(chosen: "Study", store: "Store", sweep: str, chart: Path | None, output_format: AnswerFormat) -> None:
    """Print the answer of a study, and draw its picture if a file is given."""
    from fitgap.runner.cli.render.formats import print_json
    from fitgap.runner.cli.render.study_answer import print_answer
    from fitgap.runner.studies import result_of

    result = result_of(chosen, store, sweep)
    drawn = chart is not None and draw_chart(result, store, chart)
    if output_format is AnswerFormat.JSON:
        print_json({**result.as_row(), "chart": str(chart) if drawn else None})
        return
    print_answer(result)
    if drawn:
        report(f"picture: {chart}")


def draw_chart(result: "StudyResult", store: "Store", file: Path) -> bool:
    """Write the picture of a study; returns whether the sweep has something to show."""
    from fitgap.runner.charts.files import check_format, content_of
    from fitgap.runner.errors import ChartError
    from fitgap.runner.files.output_files import written_file

    ending = check_format(file)
    try:
        chart = result.chart(store)
    except ChartError as error:
        report(f"no picture: {error}")
        return False
    with written_file(file, store.rights) as path:
        path.write_bytes(content_of(chart, ending))
    return True
