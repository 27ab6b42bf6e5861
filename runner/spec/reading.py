"""The ways to a sweep: a file, its text, or flags, alone or over a file. All give plain data, read by `Sweep`."""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from fitgap.runner.errors import SpecError
from fitgap.runner.spec.data_settings import is_path
from fitgap.runner.spec.flags import Flags, add, overlay
from fitgap.runner.spec.nodes import SpecNode
from fitgap.runner.spec.places import Places
from fitgap.runner.spec.sweep import DEFAULTS, Sweep

MOST_BYTES = 256 * 1024
NO_FLAGS = Flags()


def sweep_from_flags(flags: Flags) -> Sweep:
    """The sweep that the command line asks for, with or without a file. Raises SpecError, one line long."""
    if flags.file is not None:
        return sweep_from_file(flags.file, flags)
    places = Places()
    with places.told():
        if not flags.data:
            raise SpecError("--data must be given, or a sweep file; it is the name of a data set or the path of a file")
        sweep: dict[str, Any] = {"name": default_name(source_name(flags.data))}
        overlay(sweep, flags, places)
        return Sweep.from_canonical(sweep)


def sweep_from_file(file: str | os.PathLike[str], flags: Flags = NO_FLAGS) -> Sweep:
    """The sweep in a YAML file, after what the flags replace. Raises SpecError, one line long."""
    name = os.fspath(file)
    places = Places(name)
    with places.told():
        text = decoded(read_bytes(name), places)
    return sweep_from_text(text, name, flags)


def sweep_from_text(text: str, file: str = "sweep.yaml", flags: Flags = NO_FLAGS) -> Sweep:
    """The sweep in the text of a YAML file.

    `file` stands in messages, gives the default name, and paths in the text count from its folder.
    """
    # ruamel.yaml takes long to import, and only files need it.
    from fitgap.runner.spec.yaml_text import read_yaml

    places = Places(file)
    with places.told():
        entries = SpecNode(read_yaml(text, places)).entries(DEFAULTS)
        sweep = with_sections({key: entry.value for key, entry in entries.items()})
        resolve_source(sweep["data"], os.path.dirname(file))
        overlay(sweep, flags, places)
        return Sweep.from_canonical({"name": default_name(Path(file).stem), **sweep})


def sweep_from_mapping(mapping: Mapping[str, Any]) -> Sweep:
    """The sweep in a mapping like that of a file, whose values may also be tuples and numbers of NumPy."""
    places = Places()
    with places.told():
        entries = SpecNode(plain_data(mapping)).entries(DEFAULTS)
        sweep = with_sections({key: entry.value for key, entry in entries.items()})
        source = sweep["data"].get("source")
        name = default_name(source_name(source)) if isinstance(source, str) else "sweep"
        return Sweep.from_canonical({"name": name, **sweep})


def plain_data(value: Any) -> Any:
    """A value as a file could hold it."""
    if isinstance(value, Mapping):
        return {key: plain_data(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, range)):
        return [plain_data(each) for each in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def sweep_with_more(sweep: Sweep, flags: Flags) -> Sweep:
    """The sweep with further alternatives and repeats, from flags, from a file or from both. Raises SpecError.

    A file must ask for the same data, seed and training settings; its axes and repeats are what is added.
    """
    extended = sweep if flags.file is None else with_more_of(sweep, sweep_from_file(flags.file))
    places = Places()
    with places.told():
        written = extended.canonical()
        add(written, flags, places)
        again = Sweep.from_canonical(written)
        if again.repeats < sweep.repeats:
            raise SpecError(f"must be at least the {sweep.repeats} that the sweep has", ("repeats",))
        return replace(again, axes=each_once(again.axes))


def with_more_of(sweep: Sweep, other: Sweep) -> Sweep:
    """The sweep with the alternatives and repeats of another one on the same data. Raises SpecError."""
    if is_path(other.data.source):
        other = replace(other, data=replace(other.data, source=os.path.abspath(other.data.source)))
    for section in ("data", "seed", "training"):
        if getattr(sweep, section) != getattr(other, section):
            raise SpecError(f"{section}: must be as in sweep {sweep.name}; only axes and repeats can be added to it")
    axes = {name: (*values, *other.axes[name]) for name, values in sweep.axes.items()}
    return replace(sweep, repeats=max(sweep.repeats, other.repeats), axes=each_once(axes))


def each_once(axes: Mapping[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(dict.fromkeys(values)) for name, values in axes.items()}


def read_bytes(file: str) -> bytes:
    """The content of a sweep file. Raises SpecError when it cannot be read or is too large."""
    try:
        with open(file, "rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except IsADirectoryError:
        raise SpecError("this is a folder; name a sweep file in it") from None
    except FileNotFoundError:
        raise SpecError("there is no such file; check the path, or give --data and leave the file out") from None
    # A path that holds a null character is a ValueError.
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SpecError(f"the file cannot be read: {reason}; check the path and its permissions") from None
    if len(content) > MOST_BYTES:
        raise SpecError(f"the file is larger than {MOST_BYTES:,} bytes, the most a sweep may have; is it a sweep file?")
    return content


def decoded(content: bytes, places: Places) -> str:
    """The text of a file in UTF-8, with or without a byte order mark."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        places.marks[()] = (before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        raise SpecError("the file is not UTF-8 text, from here on; save it as UTF-8") from None


def with_sections(sweep: dict[str, Any]) -> dict[str, Any]:
    """The sweep with `data` as a mapping, which may be written as the source alone."""
    data = sweep.get("data", {})
    return {**sweep, "data": data if isinstance(data, dict) else {"source": data}}


def resolve_source(data: dict[str, Any], folder: str) -> None:
    """Make the path of a data file count from the current folder instead of from that of the sweep file."""
    source = data.get("source")
    if isinstance(source, str) and is_path(source):
        data["source"] = os.path.join(folder, source)


def source_name(source: str) -> str:
    """The name of a data set or of a data file, as far as it can be told from a source as written."""
    return Path(source).stem if is_path(source) else source.partition(":")[0]


def default_name(stem: str) -> str:
    """A valid name for a sweep, as near to `stem` as possible."""
    name = re.sub("[^A-Za-z0-9._-]+", "-", stem)[:64]
    return f"sweep-{name}"[:64] if name.isdigit() else name or "sweep"
