"""What a sweep shows as a whole: general overfitting or underfitting, a peak over network size, disagreeing metrics."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from fitgap.core.fit_verdicts import Skill
from fitgap.runner.store import Row

# The reference memorizes if its E_t is below the first share of its E_v, and its gap above the second share of the E_v
# of a constant prediction.
MEMORIZES, WORTH_NAMING = 0.5, 0.05
# It hardly learns if its E_t is above this share of the E_t of a constant prediction.
HARDLY_LEARNS = 0.8
# A peak is higher than the lowest error on either side by this share. Lines with fewer networks than this are skipped.
PEAK, FEWEST_ON_LINE = 0.1, 5
# Accuracy and E_v disagree if the best accuracy is higher by at least this than that of the lowest E_v.
MORE_ACCURATE = 0.02
OVERFITS = "stronger regularizers, smaller networks, or more examples"
UNDERFITS = "larger networks, more epochs, or a higher learning rate"


def no_skill_text(e_v: float, skill: str | None, *, is_pruned: bool = False) -> str:
    """The first thing to say about a sweep in which nothing clearly beats a constant prediction with this E_v.

    If some configurations were pruned, it says that these were not compared with the constant prediction.
    """
    if is_pruned:
        clearly = "" if skill == Skill.NONE else "clearly "
        rule = f"no configuration that was trained to its end is {clearly}better than a constant prediction"
        return f"{rule} (E_v {e_v:.3g}); those that were pruned were not compared with it"
    if skill == Skill.NONE:
        return f"no configuration is better than a constant prediction (E_v {e_v:.3g}): nothing useful was learned"
    return f"no configuration is clearly better than a constant prediction (E_v {e_v:.3g})"


def errors_of(reference: Row) -> tuple[float, float]:
    """E_t and E_v of a reference at the epoch with which others are compared."""
    at = reference.get("at")
    if at == "last":
        return reference["e_t"], reference["e_v"]
    if at == "best" or reference["honest_e_t"] is None or reference["honest_e_v"] is None:
        return reference["best_e_t"], reference["best_e_v"]
    return reference["honest_e_t"], reference["honest_e_v"]


def whole(reference: Row | None, constant: Mapping[str, Any] | None) -> Row | None:
    """What is wrong with the reference by itself, and so with the whole sweep; None if nothing is."""
    if reference is None or not constant:
        return None
    e_t, e_v = errors_of(reference)
    if e_t < MEMORIZES * e_v and e_v - e_t > WORTH_NAMING * constant["e_v"]:
        return {"kind": "overfit", "e_t": e_t, "e_v": e_v, "advice": OVERFITS}
    if e_t > HARDLY_LEARNS * constant["e_t"] and constant.get("skill") != Skill.NONE:
        return {"kind": "underfit", "e_t": e_t, "e_v": e_v, "advice": UNDERFITS}
    return None


def peaks(rows: Sequence[Row], varying: Sequence[str]) -> list[Row]:
    """Lines of networks of different sizes on which the last E_v rises to a peak and falls again (double descent)."""
    if "architecture" not in varying:
        return []
    others = [axis for axis in varying if axis != "architecture"]

    def key(row: Row) -> tuple[str, ...]:
        return tuple(str(row[axis]) for axis in others)

    found = []
    for _, group in groupby(sorted(rows, key=key), key=key):
        line = sorted(group, key=lambda row: row["parameters"])
        peak = peak_of([row["e_v"] for row in line])
        if peak is not None:
            after = min(line[peak:], key=lambda row: row["e_v"])
            found.append(
                {
                    "axis": "architecture",
                    "setting": line[peak]["architecture"],
                    "e_v": line[peak]["e_v"],
                    "lower_at": after["architecture"],
                    "lower_e_v": after["e_v"],
                    "beyond": [row["configuration"] for row in line[peak:]],
                }
            )
    return found


def peak_of(errors: Sequence[float | None]) -> int | None:
    """The index of the inner error that most exceeds the lowest errors on both sides; None if none does so clearly.

    It need not be the largest one: networks that are far too small have larger errors.
    """
    if len(errors) < FEWEST_ON_LINE or None in errors:
        return None
    known = [float(error) for error in errors if error is not None]
    lowest = {place: max(min(known[:place]), min(known[place + 1 :])) for place in range(1, len(known) - 1)}
    inner = max(lowest, key=lambda place: known[place] - lowest[place])
    return inner if known[inner] > (1 + PEAK) * lowest[inner] else None


def disagreement(rows: Sequence[Row], target_kind: str) -> Row | None:
    """The configuration with the best accuracy, if it is clearly more accurate than the one with the lowest E_v."""
    known = [row for row in rows if row["accuracy_v"] is not None]
    if target_kind != "classes" or not known:
        return None
    best = max(known, key=lambda row: row["accuracy_v"])
    if best["accuracy_v"] < rows[0]["accuracy_v"] + MORE_ACCURATE:
        return None
    return {**best, "instead_of": rows[0]["accuracy_v"]}
