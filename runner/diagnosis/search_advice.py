"""Advice for a search: changes that its results suggest, as points of its space.

The advice depends on these results alone. The stored verdicts and reference of a sweep change while it trains, so the
best configurations are diagnosed again from their own numbers.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest

import numpy as np
from fitgap.core.fit_verdicts import Verdict
from fitgap.runner.diagnosis.changes import Change
from fitgap.runner.diagnosis.edges import ends
from fitgap.runner.diagnosis.facts import Reason, reasons_of
from fitgap.runner.diagnosis.whole_sweep import whole
from fitgap.runner.search.lines import Lines
from fitgap.runner.search.nearest import nearest_point
from fitgap.runner.search.points import decisions
from fitgap.runner.spec import Configuration, Sweep
from fitgap.runner.store import Row, Store

# How many of the best configurations are diagnosed, and how many diverged ones if none completed.
BEST, DIVERGED = 3, 10

Point = list[float | None]


@dataclass(frozen=True)
class Advice:
    """A change to the proposal with index `place`, and the point of the space nearest to the changed configuration;
    None if no point is nearer to it than the proposal itself.
    """

    place: int
    change: Change
    point: Point | None


@dataclass(frozen=True)
class SearchAdvice:
    """The advice that follows from `rows`, the proposals of a search in the order of the plan (see `Store.proposals`).

    `errors` has a value for each row, as in `fitgap.runner.search.history.History`, even if the row has none or was
    pruned.
    """

    store: Store
    sweep: Sweep
    rows: Sequence[Row]
    errors: np.ndarray

    def points(self) -> Iterator[Point]:
        """The points to try, most promising first: combinations of two changes that helped, then the ends of lines and
        the advice for the best configurations, where the space has a point nearer to the advice than the proposal.
        """
        for point, _ in self.points_in_words():
            yield point

    def points_in_words(self) -> Iterator[tuple[Point, str]]:
        """The same points, each with its advice in words, such as `activation tanh instead of relu in trial 3`."""
        for point in self._lines.combined(self.best[0]) if self.best else ():
            words = f"trial {self.rows[self.best[0]]['trial']} with another change that helped"
            yield [None if np.isnan(share) else float(share) for share in point], words
        for each in self.advised():
            if each.point is not None and not self._is_in_vain(each):
                change, trial = each.change, self.rows[each.place]["trial"]
                axis = change.axis.replace("_", " ")
                yield each.point, f"{axis} {change.after} instead of {change.before} in trial {trial}"

    def _is_in_vain(self, advice: Advice) -> bool:
        """Whether proposals near its point were tried, none better and some worse than the proposal to be changed."""
        return self._lines.is_in_vain(advice.point or (), advice.change.axis, advice.place)

    def beyond(self) -> list[Change]:
        """The changes advised for the best configuration that are outside the space."""
        best = self.best[:1]
        return [each.change for each in self.advised() if each.point is None and [each.place] == best]

    def advised(self) -> Iterator[Advice]:
        """The advice, most promising first; of several changes for one cause, the first that the space allows."""
        if not self.best:
            for place, reasons in self._reasons(self._diverged, Verdict.DIVERGED):
                yield from (self._first(place, each.changes) for each in reasons if each.changes)
            return
        yield from (self._first(self.best[0], [change]) for _, change in self._ends())
        advised = [
            [self._first(place, each.changes) for each in reasons if each.changes]
            for place, reasons in self._reasons(self.best[:BEST], self.tendency)
        ]
        for rank in zip_longest(*advised):
            yield from (each for each in rank if each is not None)

    @cached_property
    def best(self) -> list[int]:
        """The indices of the proposals that were trained to their end, best first."""
        whole = [place for place, row in enumerate(self.rows) if row["error"] is not None and row["rung"] is None]
        return sorted(whole, key=lambda place: float(self.errors[place]))

    @property
    def _diverged(self) -> list[int]:
        return [place for place, row in enumerate(self.rows) if row["has_diverged"]][:DIVERGED]

    @cached_property
    def tendency(self) -> Verdict:
        """Whether the best proposal overfits or underfits by itself; unclear if neither."""
        own, fact = self.rows[self.best[0]], self._facts[self.best[0]]
        errors = {"at": "best", "best_e_t": own["e_t"], "best_e_v": own["error"]}
        constant = {"e_t": fact["constant_e_t"], "e_v": fact["constant_e_v"]}
        known = None not in (own["e_t"], *constant.values())
        found = whole(errors, constant) if known else None
        return Verdict(found["kind"]) if found else Verdict.UNCLEAR

    def configuration(self, place: int) -> Configuration:
        """The configuration that was proposed."""
        assert self.sweep.space is not None
        columns = {name: column for column, (name, _) in enumerate(self._dimensions)}
        return self.sweep.configuration(self.sweep.space.at(decisions(columns, self.rows[place]["point"])))

    @cached_property
    def _dimensions(self) -> list:
        return list(self.sweep.space.dimensions()) if self.sweep.space else []

    @cached_property
    def _lines(self) -> Lines:
        points = np.array([row["point"] for row in self.rows], float).reshape(len(self.rows), len(self._dimensions))
        return Lines(self._dimensions, points, self.errors)

    def _ends(self) -> Iterable[tuple[str, Change]]:
        """The ends of ordered axes where the best proposal is, on lines through it, each with a change beyond it."""
        best = self.best[0]
        completed, settings = set(self.best), {}
        rows = {best: self._row(best)}

        def through_best(axis: str) -> list[Row]:
            places = [place for place in self._lines.through(best, axis) if place in completed]
            for place in places:
                settings[self.rows[place]["hash"]] = self.configuration(place).canonical()
                rows.setdefault(place, self._row(place))
            return [rows[place] for place in places]

        return ends(self.configuration(best), rows[best], through_best, settings)

    def _row(self, place: int) -> Row:
        row = self.rows[place]
        return {"configuration": row["hash"], "error": row["error"], "best_epoch": row["best_epoch"]}

    @cached_property
    def _facts(self) -> dict[int, Row]:
        """The facts about the first trial of each diagnosed proposal, by index, with the best proposal as reference."""
        places = self.best[:BEST] or self._diverged
        by_trial = {row["trial"]: row for row in self.store.facts([self.rows[place]["trial"] for place in places])}
        best = self.rows[self.best[0]] if self.best else {"parameters": None, "error": None}
        reference = {"reference_parameters": best["parameters"], "reference_e_v": best["error"]}
        return {place: {**by_trial[self.rows[place]["trial"]], **reference} for place in places}

    def _reasons(self, places: Sequence[int], verdict: Verdict) -> Iterator[tuple[int, list[Reason]]]:
        """The likely causes of a verdict on proposals."""
        for place in places:
            fact = self._facts[place]
            if fact["epochs"] or verdict is Verdict.DIVERGED:
                yield place, reasons_of(verdict, fact)

    def _first(self, place: int, changes: Sequence[Change]) -> Advice:
        """The first of these changes that the space allows; if it allows none, the first one."""
        made = [self._advice(place, change) for change in changes]
        return next((each for each in made if each.point is not None), made[0])

    def _advice(self, place: int, change: Change) -> Advice:
        space, point = self.sweep.space, self.rows[place]["point"]
        if space is None or change.axis not in space.axes:
            return Advice(place, change, None)
        found = nearest_point(space, self._dimensions, point, change.axis, change.configuration)
        return Advice(place, change, None if found is None else list(found))
