"""Candidates for a round: configurations advised by the diagnosis of the best ones of a sweep and of its edges."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from fitgap.core.fit_verdicts import Verdict
from fitgap.runner.diagnosis.changes import Change, is_trainable
from fitgap.runner.diagnosis.edges import AMONG, edge_changes
from fitgap.runner.diagnosis.facts import reasons
from fitgap.runner.diagnosis.whole_sweep import whole
from fitgap.runner.spec import Configuration
from fitgap.runner.store import Row, Store
from fitgap.runner.trial_status import Status

# Advice is taken for this many of the best configurations.
BEST = 3
# If nothing completed, advice is taken for this many trials that diverged.
DIVERGED = 100


@dataclass(frozen=True)
class Candidate:
    """A configuration to try, the existing one it is derived from, what was changed, and why."""

    configuration: Configuration
    base: Configuration
    changed: str
    because: str

    @property
    def names(self) -> set[str]:
        """The settings that differ from the base."""
        names = {field.name for field in fields(self.base)}
        return {name for name in names if getattr(self.base, name) != getattr(self.configuration, name)}

    def helped(self, errors: Mapping[str, float]) -> bool:
        """Whether it has a lower error than its base, given errors by hash."""
        own, base = errors.get(self.configuration.hash), errors.get(self.base.hash)
        return own is not None and base is not None and own < base


def candidates(store: Store, sweep: Row, before: Sequence[Candidate] = ()) -> list[Candidate]:
    """The configurations to try next, the most promising first, without those already in the sweep.

    `before` are the candidates of the last round. Those that helped are combined.
    """
    known = {row["hash"] for row in store.configurations(sweep["id"])}
    measured = store.measured_configurations(sweep["id"], AMONG)
    proposed = proposals(store, sweep, measured, before) if measured else after_divergence(store, sweep)
    fresh = [each for each in proposed if each.configuration.hash not in known]
    return list({each.configuration.hash: each for each in reversed(fresh)}.values())[::-1]


def proposals(store: Store, sweep: Row, measured: Sequence[Row], before: Sequence[Candidate]) -> Iterator[Candidate]:
    """Combinations of what helped, then the edges of the sweep, then the advice for its best configurations."""
    yield from combined(measured, before)
    own, ends = edge_changes(store, sweep["id"], store.varying_axes(sweep["id"]), measured)
    for end, change in ends:
        yield candidate(change, own, f"at the edge of the sweep: {end}")
    advised = [list(advice_for(store, sweep, row)) for row in measured[:BEST]]
    # The first advice for each of the best configurations precedes the second advice for any of them.
    for rank in range(max(map(len, advised), default=0)):
        yield from (each[rank] for each in advised if len(each) > rank)


def candidate(change: Change, base: Configuration, because: str) -> Candidate:
    return Candidate(change.configuration, base, f"{change.axis.replace('_', ' ')} {change.after}", because)


def advice_for(store: Store, sweep: Row, row: Row) -> Iterator[Candidate]:
    """The advice for one of the best configurations: the first change for each likely cause."""
    settings = store.settings_of_configurations(sweep["id"], [row["configuration"]])
    base = Configuration.from_canonical(settings[row["configuration"]])
    found = reasons(store, [(row["trial"], tendency(store, sweep))])
    for reason in found.get(row["trial"], []):
        yield from (candidate(change, base, reason.found.seen) for change in reason.changes[:1])


def tendency(store: Store, sweep: Row) -> Verdict:
    """Whether the best configurations overfit or underfit in absolute terms; unclear if neither."""
    floor = store.floor(sweep["id"])
    found = whole(store.reference(sweep["id"]), {"e_t": floor.e_t, "e_v": floor.e_v} if floor else None)
    return Verdict(found["kind"]) if found else Verdict.UNCLEAR


def after_divergence(store: Store, sweep: Row) -> Iterator[Candidate]:
    """Lower learning rates, if no configuration has completed."""
    trials = [row["trial"] for row in store.ended_in(sweep["id"], Status.DIVERGED, DIVERGED)]
    settings = store.settings_of_trials(trials)
    for trial, found in reasons(store, [(number, Verdict.DIVERGED) for number in trials]).items():
        base = Configuration.from_canonical(settings[trial])
        for reason in found:
            yield from (candidate(change, base, reason.found.seen) for change in reason.changes)


def combined(measured: Sequence[Row], before: Sequence[Candidate]) -> Iterator[Candidate]:
    """The best candidate of the last round with the changes of another one, if both beat the same base."""
    errors = {row["configuration"]: row["error"] for row in measured}
    helped = sorted((each for each in before if each.helped(errors)), key=lambda each: errors[each.configuration.hash])
    for second in helped[1:]:
        first = helped[0]
        if second.base != first.base or first.names & second.names:
            continue
        changes = {name: getattr(second.configuration, name) for name in second.names}
        changed = replace(first.configuration, **changes)
        if is_trainable(changed):
            yield Candidate(changed, first.configuration, f"{first.changed}, {second.changed}", "both changes helped")
