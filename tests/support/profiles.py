"""How many examples a property test tries: few per commit, many at night.

`pytest` loads the profile `commit`. `pytest -m nightly` loads `nightly`, and also selects all property tests.
"""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings

COMMIT, NIGHTLY = "commit", "nightly"
EXAMPLES = {COMMIT: 20, NIGHTLY: 1000}
# The machine may be busy, so no test has a deadline. All examples of a test share its fixtures, which the tests take
# into account. No example is remembered between runs; a failure prints how to reproduce it.
COMMON: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "print_blob": True,
    "suppress_health_check": list(HealthCheck),
}


def register_profiles() -> None:
    """Register both profiles with Hypothesis, and load the one for a commit."""
    for name, count in EXAMPLES.items():
        settings.register_profile(name, max_examples=count, **COMMON)
    settings.load_profile(COMMIT)


def share_of_examples(share: float, nightly: float | None = None) -> Callable[[Any], Any]:
    """Let a property test try this share of the profile's examples: less than 1 if examples are slow.

    `nightly` is the share at night, if it differs.
    """
    examples = settings().max_examples
    is_night = examples == EXAMPLES[NIGHTLY]
    return settings(max_examples=max(1, round((nightly if nightly and is_night else share) * examples)))
