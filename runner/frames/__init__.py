"""The Python interface: the results of the commands as polars data frames."""

from fitgap.runner.frames.frame_store import FrameStore, open_store
from fitgap.runner.frames.inspecting import inspect_data
from fitgap.runner.frames.running import SweepFrames, continue_pruned, improve_sweep, resume_sweep, run_sweep
from fitgap.runner.frames.studying import StudyFrames, answer_study, run_study

__all__ = [
    "FrameStore",
    "StudyFrames",
    "SweepFrames",
    "answer_study",
    "continue_pruned",
    "improve_sweep",
    "inspect_data",
    "open_store",
    "resume_sweep",
    "run_study",
    "run_sweep",
]
