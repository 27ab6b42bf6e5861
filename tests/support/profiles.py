"""How many examples a property test tries: few with every commit, many at night.

`pytest` loads the profile `commit`. `pytest -m nightly` loads `nightly` and selects all property tests, too.
"""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings

COMMIT, NIGHTLY = "commit", "nightly"
EXAMPLES = {COMMIT: 30, NIGHTLY: 1000}
# The machine may be busy with other things, so no test depends on how long anything takes. All examples of a test share
# its fixtures, which the tests know. No example is remembered between runs; a failure prints how to try it again.
COMMON: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "print_blob": True,
    "suppress_health_check": list(HealthCheck),
}


def register_profiles() -> None:
    """Make both known to Hypothesis, and load the one for a commit."""
    for name, count in EXAMPLES.items():
        settings.register_profile(name, max_examples=count, **COMMON)
    settings.load_profile(COMMIT)


def share_of_examples(share: float, nightly: float | None = None) -> Callable[[Any], Any]:
    """Let a property test try this share of the profile's examples: less than 1 where one takes long.

    `nightly` is the share at night, if it is another one.
    """
    examples = settings().max_examples
    is_night = examples == EXAMPLES[NIGHTLY]
    return settings(max_examples=max(1, round((nightly if nightly and is_night else share) * examples)))
