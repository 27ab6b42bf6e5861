"""Trials that diverged or failed: how many, with which settings, and what to try."""

from collections import Counter
from collections.abc import Mapping

from fitgap.core.fit_verdicts import Verdict
from fitgap.runner.diagnosis.facts import reasons, words_for
from fitgap.runner.diagnosis.standing_out import most_with
from fitgap.runner.store import Row, Store
from fitgap.runner.suggestions import suggested
from fitgap.runner.trial_status import Status

REPORTED = (Status.DIVERGED, Status.FAILED)
# Reasons and advice are looked up for at most this many trials.
LOOKED_AT = 100


def outcomes(store: Store, sweep: Row, counts: Mapping[str, int]) -> list[Row]:
    """One entry for each status in REPORTED with which trials of the sweep ended."""
    found = [status for status in REPORTED if counts.get(status)]
    by_setting = store.ends_by_setting(sweep["id"]) if found else []
    return [outcome(store, sweep, status, counts[status], by_setting) for status in found]


def outcome(store: Store, sweep: Row, status: Status, count: int, by_setting: list[Row]) -> Row:
    """The trials that ended with one status."""
    ended = store.ended_in(sweep["id"], status, LOOKED_AT)
    most = most_with(by_setting, status)
    texts = Counter(row["reason"] for row in ended if row["reason"])
    return {
        "status": status.value,
        "trials": count,
        "configurations": store.configurations_with(sweep["id"], status),
        "most_with": most and {**most, "trials": most.pop("configurations")},
        "reason": next((text for text, _ in texts.most_common(1)), None),
        "trial": ended[0]["trial"] if ended else None,
        "advice": advice(store, sweep, status, [row["trial"] for row in ended]),
    }


def advice(store: Store, sweep: Row, status: Status, trials: list[int]) -> str:
    """What to try."""
    if status is Status.FAILED:
        return f"{suggested('retry', sweep['name'])}, once the cause is fixed"
    found = reasons(store, [(number, Verdict.DIVERGED) for number in trials])
    words = Counter(
        f"{words_for(change)} ({change.after})"
        for each in found.values()
        for reason in each
        for change in reason.changes
    )
    if not words:
        return "a smaller network or other activation functions, since this optimizer has no learning rate"
    return ", ".join(text for text, _ in words.most_common(3))
