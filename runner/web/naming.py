"""Names of configurations for people: the settings in which they differ, such as `64-32 · relu · adam 0.01`."""

from collections.abc import Mapping, Sequence

from fitgap.runner.store import Row, Store
from fitgap.runner.web.formatting import SHORTHAND, shown, title
from fitgap.runner.web.view_state import SweepView

# Digits of the hash that distinguish configurations if all their settings are the same.
DIGITS = 8


def names_in_view(store: Store, sweep_id: int, axes: Sequence[str], view: SweepView) -> dict[str, str]:
    """The names of the configurations that an address mentions: those that are pinned, and the baseline."""
    found = {**pinned_names(store, sweep_id, axes, view.pins)}
    if view.against and view.against not in found:
        found |= names_of(store.settings_along(sweep_id, axes, [view.against]), axes)
    return found


def pinned_names(store: Store, sweep_id: int, axes: Sequence[str], pins: Sequence[str]) -> dict[str, str]:
    return names_of(store.settings_along(sweep_id, axes, pins), axes) if pins else {}


def names_of(rows: Mapping[str, Row], keys: Sequence[str]) -> dict[str, str]:
    """A name for each configuration, by its hash: the settings in which they differ; for a single one, all settings."""
    differing = [key for key in keys if len(rows) < 2 or len({row[key] for row in rows.values()}) > 1]
    names = {each: " · ".join(named(key, row[key]) for key in differing) or each[:DIGITS] for each, row in rows.items()}
    alike = [name for name in names.values() if list(names.values()).count(name) > 1]
    return {each: f"{name} · {each[:DIGITS]}" if name in alike else name for each, name in names.items()}


def named(key: str, value: object) -> str:
    """A setting as text: variants and architectures are clear by themselves, others get the name of their key."""
    text = shown(key, value) or "none"
    return text if key in SHORTHAND or key == "architecture" else f"{title(key)} {text}"
