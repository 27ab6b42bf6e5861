"""Likely causes of overfitting, each with the test that finds it."""

from fitgap.core.error_curves import lowest, rise, smoothed
from fitgap.core.fit_facts import Cause, Facts, FoundCause, Test, parameters_per_examples, percent
from fitgap.core.fit_remedies import Remedy

# E_v rose if it ended more than this share above its minimum, and the minimum is before this share of the epochs.
RISEN, WELL_BEFORE_THE_END = 0.05, 0.9
# Many parameters per training example.
MANY_PARAMETERS = 1.0


def rose(facts: Facts) -> FoundCause | None:
    """From some epoch on E_v rose while E_t fell; both are smoothed, so that one lucky epoch is not taken as best."""
    smooth, training = smoothed(facts.e_v), smoothed(facts.e_t)
    best, risen = lowest(smooth), rise(facts.e_v)
    if best is None or risen <= RISEN or not training[-1] < training[best]:
        return None
    epoch = int(facts.numbers[best])
    if epoch > WELL_BEFORE_THE_END * int(facts.numbers[-1]):
        return None
    seen = f"E_v rose by {percent(risen)} from epoch {epoch} on while E_t fell"
    return FoundCause(Cause.ROSE, float(epoch), seen, (Remedy.FEWER_EPOCHS,))


def stopping_removes(facts: Facts) -> float:
    """The share of the excess that stopping at the best epoch removes; 1 if the reference is unknown."""
    if facts.reference_e_v is None:
        return 1.0
    smooth = smoothed(facts.e_v)
    excess = float(smooth[-1]) - facts.reference_e_v
    return float(smooth[-1] - smooth.min()) / excess if excess > 0 else 1.0


def many_parameters(facts: Facts) -> FoundCause | None:
    """The network has enough parameters to memorize its examples."""
    share = facts.parameters / facts.training_count
    if share < MANY_PARAMETERS:
        return None
    return FoundCause(Cause.MANY_PARAMETERS, share, parameters_per_examples(facts), (Remedy.SMALLER_NETWORK,))


def weak_regularizer(facts: Facts) -> FoundCause | None:
    """No regularizer, or only a weak one, restrains the weights."""
    if not facts.is_regularized:
        return FoundCause(Cause.NO_REGULARIZER, 0.0, "no regularizer", (Remedy.NEW_PENALTY,))
    if facts.is_strongly_regularized:
        return None
    listed = [f"{name} with λ {weight:g}" for name, weight in facts.penalties.items()]
    listed += [f"dropout with δ {facts.dropout:g}"] if facts.dropout else []
    strength = max([*facts.penalties.values(), facts.dropout])
    seen = f"weak: {' and '.join(listed)}"
    return FoundCause(Cause.WEAK_REGULARIZER, strength, seen, (Remedy.STRONGER_REGULARIZER,))


OVERFITTING: tuple[Test, ...] = (weak_regularizer, many_parameters, rose)
