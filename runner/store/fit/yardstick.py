"""The yardstick for trials: the errors of the reference of their peers and of a constant prediction, by repeat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fitgap.core.fit_differences import Errors, mean_over_repeats
from fitgap.core.fit_verdicts import Constant, Fit, Skill, fit_of_configuration, skill_of
from fitgap.runner.store.fit.reference import Reference
from fitgap.runner.store.fit.sample_errors import ErrorsOfTrials


@dataclass(frozen=True)
class Yardstick:
    """The errors of the reference at its best epoch and of a constant prediction, by repeat, and the reference's skill.

    If the errors of a constant prediction are unknown, there is no floor, and the skill is None.
    """

    references: Mapping[int, Errors]
    constants: Mapping[int, Errors]
    skill: Skill | None

    def fit(self, trials: Sequence[tuple[int, Errors]]) -> Fit | None:
        """The fit of a configuration or a single trial, given as pairs of repeat and errors; None if the reference has
        none of these repeats.
        """
        known = [(repeat, own) for repeat, own in trials if repeat in self.references]
        if not known:
            return None
        floors = [self.constants[repeat].e_v if repeat in self.constants else 0.0 for repeat, _ in known]
        pairs = [(own, self.references[repeat]) for repeat, own in known]
        return fit_of_configuration(pairs, Constant(mean_over_repeats(floors), self.skill))


def yardstick_of(errors: ErrorsOfTrials, reference: Reference, peers: str = "") -> Yardstick:
    """The yardstick of a sweep, or of a group of peers in it, with this reference."""
    references = errors.of_reference(reference, peers)
    constants = errors.of_constant(peers) or errors.of_mean(reference, peers)
    pairs = [(own, constants[repeat]) for repeat, own in references.items() if repeat in constants]
    return Yardstick(references, constants, skill_of(pairs) if pairs else None)
