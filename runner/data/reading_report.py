"""Report for users on how a file was read, in at most three lines."""

from collections import Counter
from collections.abc import Iterable, Sequence

from fitgap.runner.amounts import counted
from fitgap.runner.data.error_texts import visible
from fitgap.runner.data.loaded_files import LoadedFile
from fitgap.runner.data.reasons import reasons_by_column
from fitgap.runner.data.treatment import Treatment

MOST_CLASSES, MOST_NAMES, LONGEST = 6, 4, 300
SEPARATOR_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", " ": "blanks"}
ENCODING_NAMES = {"cp1252": "Windows-1252"}


def reading_report(loaded: LoadedFile) -> list[str]:
    """The target and its type, then how the file was read and which columns were ignored, if worth mentioning."""
    lines = [target_line(loaded), *(line for line in (handling_line(loaded), ignored_line(loaded)) if line)]
    return [visible(line, LONGEST) for line in lines]


def axes_line(axes: Sequence[int], is_told: bool) -> str:
    """How the inputs of an example are arranged and, unless `is_told`, how to correct that.

    The axes of an array are ambiguous: grayscale images often have no axis for channels and look like steps.
    """
    if len(axes) == 3:
        return f"axes: {axes[0]} x {axes[1]} positions of {counted(axes[2], 'channel')}"
    steps = f"axes: {counted(axes[0], 'step')} of {counted(axes[1], 'channel')}"
    return steps if is_told else f"{steps}; if these are images, give shape: [{axes[0]}, {axes[1]}, 1] under data"


def target_line(loaded: LoadedFile) -> str:
    """The size of the data, and the target with its classes or its range."""
    data = loaded.dataset
    size = f"{counted(data.example_count, 'example')}, {counted(data.input_count, 'input')}"
    name = ", ".join(map(visible, data.target_names))
    if data.target_kind == "numbers":
        values = f"numbers from {data.targets.min():g} to {data.targets.max():g}"
    else:
        counts = Counter(data.targets[:, 0].astype(int).tolist())
        shown = [f"{visible(data.class_names[number])} {count:,}" for number, count in sorted(counts.items())]
        more = f", … {len(shown) - MOST_CLASSES} more" if len(shown) > MOST_CLASSES else ""
        values = f"{data.class_count} classes ({', '.join(shown[:MOST_CLASSES])}{more})"
    return f"data: {size}; target {name}: {values}"


def handling_line(loaded: LoadedFile) -> str:
    """How the file was read, if unusual, and what was done to its values."""
    treatment, losses = loaded.treatment, loaded.losses
    done = layout_parts(treatment)
    if losses.missing and treatment.missing not in ("drop", "drop_any"):
        count = sum(losses.missing.values())
        done.append(f"{counted(count, 'missing value')} in {names(losses.missing)} filled with the {treatment.missing}")
    if losses.incomplete:
        done.append(f"{counted(losses.incomplete, 'row')} with missing inputs dropped ({names(losses.missing)})")
    if losses.untargeted:
        done.append(f"{counted(losses.untargeted, 'row')} without a target dropped")
    if text := loaded.dataset.text_columns:
        done.append(f"one-hot encoded: {names(text)}")
    if treatment.row_numbers:
        done.append("no input column, so the number of the row is the input")
    if treatment.dates:
        done.append(f"dates as numbers: {names(treatment.dates)}")
    return "; ".join(done)


def layout_parts(treatment: Treatment) -> list[str]:
    """What is unusual about the layout of a text table."""
    layout = treatment.layout
    parts = []
    if layout.separator != ",":
        parts.append(f"separated by {SEPARATOR_NAMES.get(layout.separator, visible(layout.separator))}")
    if layout.decimal != ".":
        parts.append("decimal commas")
    if layout.encoding != "utf-8":
        parts.append(ENCODING_NAMES.get(layout.encoding, layout.encoding.upper()))
    if layout.skip:
        parts.append(f"first {counted(layout.skip, 'line')} left out")
    if layout.comments:
        parts.append("lines with # left out")
    if not layout.header and not layout.commented_header:
        parts.append("no header, so columns are named column_1, column_2, …")
    return [f"read: {', '.join(parts)}"] if parts else []


def ignored_line(loaded: LoadedFile) -> str:
    """The columns that fitgap ignored on its own, with reasons."""
    found = reasons_by_column(loaded.treatment.ignored)
    if not found:
        return ""
    listed = "; ".join(f"{names(columns)} ({reason})" for reason, columns in found.items())
    return f"ignored: {listed}; --inputs and --ignore choose columns, --strict refuses all this"


def names(columns: Iterable[str]) -> str:
    """The names of columns, at most MOST_NAMES of them."""
    found = [visible(name) for name in columns]
    more = f" and {len(found) - MOST_NAMES} more" if len(found) > MOST_NAMES else ""
    return ", ".join(found[:MOST_NAMES]) + more
