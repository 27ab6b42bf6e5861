"""The facts about trials from which causes are found, and the causes as plain data with the changes they suggest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from fitgap.core.fit_causes import causes
from fitgap.core.fit_facts import Facts, FoundCause
from fitgap.core.fit_remedies import WORDS, Remedy
from fitgap.core.fit_verdicts import Verdict
from fitgap.core.regularizers import Dropout, Penalty
from fitgap.runner.diagnosis.changes import Change, changes_for
from fitgap.runner.spec import Configuration
from fitgap.runner.spec.architectures import has_normalization, has_recurrent_layers, layer_names, widths
from fitgap.runner.spec.configuration import fixed_functions
from fitgap.runner.store import Row, Store


@dataclass(frozen=True)
class Reason:
    """A cause of a verdict on a configuration, and the changes that it suggests, the most promising one first."""

    found: FoundCause
    changes: Sequence[Change]

    @property
    def advice(self) -> str:
        """What to try, with the new settings."""
        if not self.changes:
            return self.found.advice
        words = [f"{words_for(each)} ({each.after})" for each in self.changes]
        return ", or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)

    def plain(self) -> Row:
        """This reason as JSON-ready data."""
        return {
            "cause": self.found.cause.value,
            "value": self.found.value,
            "seen": self.found.seen,
            "advice": self.advice,
            "changes": [each.plain() for each in self.changes],
        }


def words_for(change: Change) -> str:
    """The remedy in words, with the names of the penalties that it weakens."""
    if change.remedy is Remedy.WEAKER_PENALTY:
        names = [each.name for each in change.configuration.regularizers if isinstance(each.variant, Penalty)]
        return f"a smaller weight for {' and '.join(names)}"
    if change.remedy is Remedy.AS_SIBLING:
        return f"that {change.axis.replace('_', ' ')}"
    return WORDS[change.remedy]


def reasons(store: Store, trials: Iterable[tuple[int, Verdict]]) -> dict[int, list[Reason]]:
    """The likely causes of the verdicts on these trials, by trial number."""
    verdicts = dict(trials)
    return {
        row["trial"]: reasons_of(verdicts[row["trial"]], row)
        for row in store.facts(list(verdicts))
        if row["epochs"] or verdicts[row["trial"]] is Verdict.DIVERGED
    }


def reasons_of(verdict: Verdict, row: Row) -> list[Reason]:
    """The likely causes of a verdict on the trial of a row from `Store.facts`."""
    configuration = Configuration.from_canonical(row["settings"])
    return [Reason(found, changes_for(found, configuration)) for found in causes(verdict, facts_of(row, configuration))]


def facts_of(row: Row, configuration: Configuration) -> Facts:
    """A row from `Store.facts` in the form that `causes` takes."""
    chosen = configuration.regularizers
    penalties = {each.name: each.variant.weight for each in chosen if isinstance(each.variant, Penalty)}
    return Facts(
        e_t=np.array(row["e_t"], float),
        e_v=np.array(row["e_v"], float),
        parameters=row["parameters"],
        training_count=row["training_count"],
        layers=(row["statistics"] or {}).get("layers", []),
        penalties={name: weight for name, weight in penalties.items() if weight > 0},
        dropout=max((each.variant.ratio for each in chosen if isinstance(each.variant, Dropout)), default=0.0),
        reference_parameters=row["reference_parameters"],
        epochs=np.array(row["epochs"], int),
        hidden=widths(configuration.architecture),
        functions=names_of_functions(configuration),
        reference_e_v=row["reference_e_v"],
        constant_e_t=row["constant_e_t"],
        has_free_loops=has_recurrent_layers(configuration.architecture) and not configuration.optimizer.variant.clip,
        layer_names=layer_names(configuration.architecture),
        **stopped(row, configuration),
    )


def names_of_functions(configuration: Configuration) -> frozenset[str]:
    """The names of the functions of hidden layers. `gates` and `norm` stand for layers through which gradients do not
    vanish.
    """
    chosen = (choice.name for layer in configuration.all_functions[:-1] for choice in layer)
    others = [*("gates" for _ in fixed_functions(configuration.architecture))]
    return frozenset([*chosen, *others, *(["norm"] if has_normalization(configuration.architecture) else [])])


def stopped(row: Row, configuration: Configuration) -> dict[str, Any]:
    """The facts about the stopping rule that ended a trial before its last planned epoch, if one did."""
    rules = [each.variant for each in configuration.stopping if each.variant.reason() == row["reason"]]
    if not rules or not row["epochs"] or row["epochs"][-1] >= configuration.epochs:
        return {}
    return {"stopped": row["reason"], "patience": max(rule.epochs for rule in rules)}
