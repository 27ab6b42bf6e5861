"""The tables, one file each: the jobs that a table compares, and its targets."""

from benchmarks.tables import (
    bound,
    cluster,
    core,
    cores,
    grid_search,
    layers,
    million,
    overhead,
    query,
    scale,
    search_time,
    store,
    sweep,
    torch_pack,
)
from benchmarks.tables.table import Settings, Table

__all__ = ["TABLES", "Settings"]

TABLES: dict[str, Table] = {
    "core": core.TABLE,
    "bound": bound.TABLE,
    "layers": layers.TABLE,
    "torch-pack": torch_pack.TABLE,
    "sweep": sweep.TABLE,
    "search-time": search_time.TABLE,
    "grid-search": grid_search.TABLE,
    "overhead": overhead.TABLE,
    "store": store.TABLE,
    "scale": scale.TABLE,
    "cores": cores.TABLE,
    "cluster": cluster.TABLE,
    "million": million.TABLE,
    "query": query.TABLE,
}
