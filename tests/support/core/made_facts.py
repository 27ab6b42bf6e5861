"""Facts of a healthy trial, layers and error curves to modify them with, and the causes that are found."""

from dataclasses import replace

import numpy as np
from fitgap.core.fit_causes import causes
from fitgap.core.fit_facts import Facts
from fitgap.core.fit_verdicts import Verdict


def layer(**changes):
    plain = {"units": 8, "dead": 0, "saturated": 0, "weights": 64, "near_zero": 0, "rms": 0.5, "rms_start": 0.5}
    return {**plain, **changes}


# It has learned, has converged, is neither small nor large, and has a mild penalty.
WELL = Facts(
    e_t=np.concatenate([np.linspace(0.5, 0.1, 50), np.full(50, 0.1)]),
    e_v=np.concatenate([np.linspace(0.5, 0.12, 50), np.full(50, 0.12)]),
    parameters=500,
    training_count=1000,
    layers=[layer(), layer(units=3, weights=24)],
    penalties={"l2": 1e-2},
    dropout=0.0,
    reference_parameters=600,
    hidden=(8,),
    functions=frozenset({"relu"}),
)
FALLING = np.linspace(0.5, 0.1, 100)
RISING = np.concatenate([np.linspace(0.5, 0.2, 40), np.linspace(0.2, 0.3, 60)])
ALL_GOES = np.concatenate([FALLING[:60], np.full(40, 0.9)])
JUMPING = np.where(np.arange(100) % 20 == 19, 0.9, np.linspace(0.5, 0.1, 100))


def well(verdict):
    """A trial without any cause for this verdict: a penalty that is harmless for one verdict is a cause of the
    other.
    """
    return replace(WELL, penalties={"l2": 1e-2 if verdict is Verdict.OVERFIT else 9e-3})


def found_in(facts, verdict):
    return {each.cause: each for each in causes(verdict, facts)}
