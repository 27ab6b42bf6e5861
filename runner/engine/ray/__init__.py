"""All code that uses Ray: the engine, the process that hosts Ray, and what Ray's workers run."""

from fitgap.runner.engine.ray.engine import RayEngine

__all__ = ["RayEngine"]
