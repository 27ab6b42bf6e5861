"""Everything that knows Ray: the engine on it, the process that hosts it, and what its workers run."""

from fitgap.runner.engine.ray.engine import RayEngine

__all__ = ["RayEngine"]
