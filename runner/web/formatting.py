"""Formatting of values for pages."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fitgap.runner.names import plainer

TIMES = ("created", "started", "ended")
SHORTHAND = ("activation", "output_activation", "initializer", "regularizer", "optimizer", "schedule", "stopping")
# Headers that differ from the key.
TITLES = {
    "best_e_v": "best E_v",
    "honest_e_v": "honest E_v",
    "best_e_t": "best E_t",
    "e_t": "E_t",
    "e_v": "E_v",
    "accuracy_t": "accuracy (train)",
    "accuracy_v": "accuracy",
    "difference": "vs baseline",
    "difference_margin": "± 95 %, each by itself",
    "best_e_v_sd": "± sd",
    "honest_e_v_sd": "± sd",
}


def title(key: str, target_kind: str | None = None) -> str:
    """The header of a column. The score of targets that are numbers is R², that of classes accuracy."""
    words = TITLES.get(key, key.replace("_", " "))
    return words.replace("accuracy", "R²") if target_kind == "numbers" else words


def shown(key: str, value: Any) -> str:
    """A value as text: three significant digits for a number, a date for a time, nothing for null."""
    if value is None:
        return ""
    if key in TIMES and isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, (list, tuple)):
        return visible(", ".join(map(str, value)))
    if isinstance(value, Mapping):
        return visible(json.dumps(value, ensure_ascii=False))
    text = visible(str(value))
    return plainer(text) if key in SHORTHAND else text


def number(value: float) -> str:
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e6 else f"{value:.3g}"


def signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.3g}".replace("-", "−")


def visible(text: str) -> str:
    """Text with characters replaced that change how other text is displayed, such as direction marks."""
    return "".join(each if each.isprintable() or each in "\n\t" else "\ufffd" for each in text)


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def plain_json(value: Any) -> Any:
    """The value as JSON-ready data: numbers that are not finite become null, as in the store."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain_json(each) for key, each in value.items()}
    return [plain_json(each) for each in value] if isinstance(value, (list, tuple)) else value
