"""fitgap in Python: `from runner import open_store, run_sweep`; answers are polars data frames.

Nothing is loaded before it is used, so that commands which only ask do without it.
"""

from __future__ import annotations

# Not from `typing`, which takes longer to load than all else that is needed before passwords are hidden.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from runner.errors import FitgapError
    from runner.frames import FrameStore, SweepFrames, open_store, resume_sweep, run_sweep

__all__ = ["FitgapError", "FrameStore", "SweepFrames", "open_store", "resume_sweep", "run_sweep"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    from runner.kept_environment import environment_kept

    if name == "FitgapError":
        return import_module("runner.errors").FitgapError
    # All at once, before the program does anything else in other threads that could see what these imports set.
    with environment_kept():
        import_module("threadpoolctl")
        return getattr(import_module("runner.frames"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
