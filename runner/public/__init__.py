"""fitgap in Python: `from fitgap import open_store, run_sweep`. Results are polars data frames.

Nothing is imported before it is used, so that commands which only query start fast.
"""

from __future__ import annotations

# Not imported from `typing`, which takes longer to load than everything else needed before passwords are hidden.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fitgap.runner.errors import FitgapError
    from fitgap.runner.frames import (
        FrameStore,
        StudyFrames,
        SweepFrames,
        answer_study,
        continue_pruned,
        improve_sweep,
        inspect_data,
        open_store,
        resume_sweep,
        run_study,
        run_sweep,
    )

    __version__: str

__all__ = [
    "FitgapError",
    "FrameStore",
    "StudyFrames",
    "SweepFrames",
    "__version__",
    "answer_study",
    "continue_pruned",
    "improve_sweep",
    "inspect_data",
    "open_store",
    "resume_sweep",
    "run_study",
    "run_sweep",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    if name == "FitgapError":
        return import_module("fitgap.runner.errors").FitgapError
    if name == "__version__":
        return import_module("fitgap.runner.package").program_version()
    from fitgap.runner.system.environment_variables import environment_kept

    # Import everything at once, since the imports change the environment, which other threads could see.
    with environment_kept():
        import_module("threadpoolctl")
        return getattr(import_module("fitgap.runner.frames"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
