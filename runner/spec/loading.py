"""Reading of sweeps from a file, from text, from a mapping, or from flags with or without a file."""

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from fitgap.runner.data import RULES, is_in_memory
from fitgap.runner.errors import SpecError
from fitgap.runner.spec.data_settings import DataSettings
from fitgap.runner.spec.data_source import is_path
from fitgap.runner.spec.flags import REPEATS, Flags, add_alternatives, overlay, record_flag
from fitgap.runner.spec.places import Places
from fitgap.runner.spec.pruning_checks import require_extensible
from fitgap.runner.spec.repeat_settings import check_more_repeats, extended_rounds
from fitgap.runner.spec.search_settings import SearchSettings
from fitgap.runner.spec.sweep import DEFAULTS, Sweep
from fitgap.runner.spec.validation import SpecNode

MOST_BYTES = 256 * 1024
# Suffixes of files that cannot be sweeps, but may hold data.
DATA_SUFFIXES = frozenset({".npz", ".npy", ".csv", ".tsv", ".parquet", ".arrow", ".feather", ".jsonl", ".xlsx", ".ods"})
COMPRESSED = frozenset({".gz", ".zst", ".bz2", ".xz", ".zip"})
SEARCH_STAYS = "the alternatives of a search cannot be extended, since its configurations depend on them"
NO_FLAGS = Flags()


def sweep_from_flags(flags: Flags) -> Sweep:
    """The sweep given on the command line, with or without a file. Raises SpecError with a one-line message."""
    if flags.file is not None:
        return sweep_from_file(flags.file, flags)
    places = Places()
    with places.in_errors():
        if not flags.data:
            advice = "--data takes the name of a data set or the path of a file"
            raise SpecError(f"a sweep file or --data must be given; {advice}")
        sweep: dict[str, Any] = {"name": default_name(source_name(flags.data))}
        overlay(sweep, flags, places)
        return Sweep.from_canonical(sweep)


def data_from_flags(flags: Flags) -> DataSettings:
    """The `data` section given on the command line. Raises SpecError with a one-line message."""
    places = Places()
    with places.in_errors():
        sweep: dict[str, Any] = {}
        overlay(sweep, flags, places)
        return DataSettings.read(SpecNode(sweep["data"], ("data",)))


def with_flags(sweep: Mapping[str, Any], flags: Flags) -> dict[str, Any]:
    """A sweep in written form, overridden by flags; only its `data` section is checked. Raises SpecError."""
    places = Places()
    with places.in_errors():
        changed = {**sweep, "data": dict(sweep["data"])} if flags.data is None else {**sweep, "data": {}}
        overlay(changed, flags, places)
        DataSettings.read(SpecNode(changed["data"], ("data",)))
        return changed


def data_from_mapping(mapping: Mapping[str, Any]) -> DataSettings:
    """The settings in a mapping like the `data` section of a sweep file. Raises SpecError with a one-line message."""
    with Places().in_errors():
        return DataSettings.read(SpecNode(plain_data(mapping)))


def sweep_from_file(file: str | os.PathLike[str], flags: Flags = NO_FLAGS) -> Sweep:
    """The sweep in a YAML file; flags override its settings. Raises SpecError with a one-line message."""
    name = os.fspath(file)
    places = Places(name)
    with places.in_errors():
        check_name(name)
        text = decoded(read_bytes(name), places)
    return sweep_from_text(text, name, flags)


def sweep_from_text(text: str, file: str = "sweep.yaml", flags: Flags = NO_FLAGS) -> Sweep:
    """The sweep in the text of a YAML file.

    `file` appears in messages and gives the default name; paths in the text are relative to its folder.
    """
    # Imported here, because importing ruamel.yaml is slow and only files need it.
    from fitgap.runner.spec.yaml_text import read_yaml

    places = Places(file)
    with places.in_errors():
        entries = SpecNode(read_yaml(text, places)).entries(DEFAULTS)
        sweep = with_sections({key: entry.value for key, entry in entries.items()})
        resolve_source(sweep["data"], os.path.dirname(file))
        overlay(sweep, flags, places)
        return Sweep.from_canonical({"name": default_name(Path(file).stem), **sweep})


def sweep_from_mapping(mapping: Mapping[str, Any]) -> Sweep:
    """The sweep in a mapping with the structure of a sweep file; values may also be tuples and NumPy values."""
    places = Places()
    with places.in_errors():
        entries = SpecNode(plain_data(mapping)).entries(DEFAULTS)
        sweep = with_sections({key: entry.value for key, entry in entries.items()})
        source = sweep["data"].get("source")
        name = default_name(source_name(source)) if isinstance(source, str) else "sweep"
        return Sweep.from_canonical({"name": name, **sweep})


def plain_data(value: Any) -> Any:
    """A value converted to types that occur in a file."""
    if isinstance(value, Mapping):
        return {key: plain_data(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, range)):
        return [plain_data(each) for each in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def sweep_with_more(sweep: Sweep, flags: Flags) -> Sweep:
    """The sweep extended by alternatives and repeats from flags, from a file or from both. Raises SpecError.

    A file must have the same data, seed and training settings; its axes and repeats are added.
    """
    require_extensible(sweep)
    extended = sweep if flags.file is None else merged_with(sweep, sweep_from_file(flags.file))
    places = Places()
    with places.in_errors():
        written = extended.canonical()
        if sweep.search:
            check_only_repeats(flags, places)
        add_alternatives(written, flags, places)
        written["repeats"] = extended_rounds(sweep, written["repeats"])
        result = Sweep.from_canonical(written)
        check_more_repeats(sweep, result)
        return replace(result, axes=without_duplicates(result.axes), search=search_with_repeats(sweep, result.repeats))


def check_only_repeats(flags: Flags, places: Places) -> None:
    """Raise SpecError if flags would extend a search by anything but repeats."""
    for flag, path, value in flags.given():
        record_flag(places, flag, path, value)
        if path != REPEATS:
            raise SpecError(f"{SEARCH_STAYS}; add repeats, or start another sweep", path)


def search_with_repeats(sweep: Sweep, repeats: int) -> SearchSettings | None:
    """The search of a sweep, with the number of trials of its configurations at this number of repeats."""
    if sweep.search is None:
        return None
    return replace(sweep.search, trials=sweep.search.trials * repeats // sweep.repeats)


def merged_with(sweep: Sweep, other: Sweep) -> Sweep:
    """The sweep extended by the alternatives and repeats of another one on the same data. Raises SpecError."""
    if is_path(other.data.source):
        other = replace(other, data=other.data.with_absolute_paths())
    # Only the stored sweep has a treatment of the data; if everything else is the same, it applies to both.
    other = replace(other, data=replace(other.data, **read_as(sweep.data, other.data)))
    if sweep.space != other.space:
        raise SpecError(f"axes: {SEARCH_STAYS}; they must be the same as in sweep {sweep.name}")
    for section in ("data", "seed", "training", "only"):
        if getattr(sweep, section) != getattr(other, section):
            advice = "only axes and repeats can be extended"
            raise SpecError(f"{section}: must be the same as in sweep {sweep.name}; {advice}")
    axes = {name: (*values, *other.axes[name]) for name, values in sweep.axes.items()}
    rounds, repeats = other.rounds or sweep.rounds, max(sweep.repeats, other.repeats)
    if rounds:
        # `check_more_repeats` later checks whether they suit the repeats of the sweep.
        repeats = rounds.least
    return replace(sweep, repeats=repeats, rounds=rounds, axes=without_duplicates(axes))


def read_as(stored: DataSettings, written: DataSettings) -> dict[str, Any]:
    """The settings of `written` that come from the stored treatment of the same data."""
    treatment = stored.treatment
    if treatment is None or treatment.rules >= RULES:
        return {"treatment": treatment}
    # Stored by a version without treatments: reading was strict, and defaults were written out.
    defaults = {"missing": written.missing or "refuse", "text": written.text or "refuse"}
    return {"treatment": treatment, "strict": stored.strict, **defaults}


def without_duplicates(axes: Mapping[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(dict.fromkeys(values)) for name, values in axes.items()}


def check_name(file: str) -> None:
    """Raise SpecError if the name of a file says that it holds data."""
    suffix = Path(file).suffix.lower()
    if (suffix in DATA_SUFFIXES or suffix in COMPRESSED) and os.path.isfile(file):
        raise SpecError(
            f"must be a sweep file, but its name is that of a data file; give data with --data {shlex.quote(file)}"
        )


def read_bytes(file: str) -> bytes:
    """The content of a sweep file. Raises SpecError if it cannot be read or is too large."""
    try:
        with open(file, "rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except IsADirectoryError:
        raise SpecError("this is a folder; name a sweep file in it") from None
    except FileNotFoundError:
        raise SpecError("there is no such file; check the path, or give --data instead of a file") from None
    # A path with a null character raises ValueError.
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SpecError(f"the file cannot be read: {reason}; check the path and its permissions") from None
    if len(content) > MOST_BYTES:
        raise SpecError(f"the file is larger than {MOST_BYTES:,} bytes, the limit for a sweep; give data with --data")
    return content


def decoded(content: bytes, places: Places) -> str:
    """The text of a UTF-8 file, with or without a byte order mark."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        places.marks[()] = (before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        advice = "save it as UTF-8, or give it with --data if it holds data"
        raise SpecError(f"the file is not valid UTF-8 from here on; {advice}") from None


def with_sections(sweep: dict[str, Any]) -> dict[str, Any]:
    """The sweep with `data` as a mapping, even if it was written as just the source."""
    data = sweep.get("data", {})
    return {**sweep, "data": data if isinstance(data, dict) else {"source": data}}


def resolve_source(data: dict[str, Any], folder: str) -> None:
    """Make the path of a data file relative to the current folder instead of the sweep file's folder."""
    source = data.get("source")
    if isinstance(source, str) and is_path(source):
        data["source"] = os.path.join(folder, os.path.expanduser(source))
    for use in ("validation", "test"):
        rule = data.get(use)
        if isinstance(rule, dict) and isinstance(rule.get("file"), str):
            data[use] = {**rule, "file": os.path.join(folder, os.path.expanduser(rule["file"]))}


def source_name(source: str) -> str:
    """The name of a data set or of a data file without suffix, from a source as written."""
    if is_in_memory(source):
        return "data"
    return Path(source).stem if is_path(source) else source.partition(":")[0]


def default_name(stem: str) -> str:
    """A valid sweep name, as close to `stem` as possible."""
    name = re.sub("[^A-Za-z0-9._-]+", "-", stem)[:64]
    return f"sweep-{name}"[:64] if name.isdigit() else name or "sweep"
