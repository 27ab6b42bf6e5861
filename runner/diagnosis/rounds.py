"""What the rounds of repeats of a sweep have shown, in words."""

from collections.abc import Sequence

from fitgap.runner.amounts import counted
from fitgap.runner.store import Row, Store

# Of the configurations that cannot be told apart from the one that looks best, this many are named.
NAMED = 3


def rounds_text(store: Store, sweep_id: int) -> str | None:
    """Such as `adam 0.003 is the best with 95 % confidence, after 5 repeats`; None if the sweep has no rounds, or
    nothing can be said.
    """
    found = store.rounds_answer(sweep_id)
    if found is None:
        return None
    keys = store.varying_keys(sweep_id) or ["architecture"]
    named = found["within_reach"][: 1 + NAMED]
    settings = store.settings_along(sweep_id, keys, named)
    return in_words(found, *(label_of(settings[each]) for each in named))


def label_of(settings: Row) -> str:
    """A configuration by its settings, such as `32, adam:rate=0.01`."""
    return ", ".join("none" if value is None else str(value) for value in settings.values())


def in_words(found: Row, label: str, *others: str) -> str:
    """An answer of the store in words; `label` is the configuration that looks best, `others` are the next ones that
    cannot be told apart from it.
    """
    near, after = len(found["within_reach"]), f"after {counted(found['repeats'], 'repeat')}"
    lost = found["not_compared"]
    if not found["is_over"]:
        could = "is" if near == 1 else "are"
        text = f"so far, {counted(near, 'configuration')} {could} within reach of the best {after}; {label} looks best"
        text += others_text(others, near - 1)
    elif near > 1:
        text = f"{counted(near, 'configuration')} cannot be told apart {after}; {label} looks best"
        text += others_text(others, near - 1)
    elif found["contenders"] == 1:
        text = f"{label} is the only configuration whose {counted(found['repeats'], 'repeat')} all completed"
    else:
        beaten = counted(found["contenders"] - 1, "other configuration")
        were = "was" if found["contenders"] == 2 else "were"
        best = "the best of those compared" if lost else "the best"
        confidence = f"{100 * found['confidence']:g} % confidence"
        text = f"{label} is {best} with {confidence}, {after} ({beaten} {were} within reach until then)"
    if lost:
        text += f"; {counted(lost, 'configuration')} could not be compared, as a trial failed or was cancelled"
    return text


def others_text(others: Sequence[str], count: int) -> str:
    """The names of the first few others, and how many more there are: ` (others: 8, adam; and 2 more)`."""
    more = [f"and {count - len(others):,} more"] if count > len(others) else []
    return f" (others: {'; '.join([*others, *more])})" if others else ""
