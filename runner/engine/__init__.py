"""Where packs are trained: in this process or by Ray workers, behind one protocol."""

from core.data import Dataset
from runner.engine.protocol import Engine
from runner.errors import SpecError, nearest

ENGINES = ("auto", "ray", "local")


def require_engine(name: str) -> None:
    """SpecError for an engine that does not exist."""
    if name not in ENGINES:
        raise SpecError(f"--engine {name!r}: {nearest(name, ENGINES)}")


def make_engine(name: str, dataset: Dataset, workers: int | None) -> Engine:
    """The engine of this name, not yet started; `auto` is Ray."""
    require_engine(name)
    if name == "local":
        from runner.engine.local import LocalEngine

        return LocalEngine(dataset)
    from runner.engine.ray import RayEngine

    return RayEngine(dataset, workers)
