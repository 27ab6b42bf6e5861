"""The store for people who write Python: the same answers as the commands give, as polars data frames."""

from fitgap.runner.frames.running import SweepFrames, resume_sweep, run_sweep
from fitgap.runner.frames.store import FrameStore, open_store

__all__ = ["FrameStore", "SweepFrames", "open_store", "resume_sweep", "run_sweep"]
