"""Names of the score columns in tables: R² for targets that are numbers, accuracy for classes."""

import re
from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]


def score_name(key: str, target_kind: str | None) -> str:
    """`r2_v` for `accuracy_v`, with any suffix, if the targets are numbers; otherwise the key itself."""
    return re.sub(r"^(best_|test_)?accuracy(?=_[tv]|$)", r"\1r2", key) if target_kind == "numbers" else key


def with_score_names(rows: Sequence[Row], keys: Sequence[str], target_kind: str | None) -> tuple[list[Row], list[str]]:
    """The rows and keys of a table with the names of their scores."""
    names = {key: score_name(key, target_kind) for key in (rows[0] if rows else keys)}
    renamed = [{names.get(key, key): value for key, value in row.items()} for row in rows]
    return renamed, [score_name(key, target_kind) for key in keys]
