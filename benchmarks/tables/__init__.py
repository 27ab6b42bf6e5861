"""The tables, one file each: the jobs that a table compares, and its targets."""

from benchmarks.tables import cluster, core, cores, million, overhead, query, scale, store, sweep
from benchmarks.tables.table import Settings, Table

__all__ = ["TABLES", "Settings"]

TABLES: dict[str, Table] = {
    "core": core.TABLE,
    "sweep": sweep.TABLE,
    "overhead": overhead.TABLE,
    "store": store.TABLE,
    "scale": scale.TABLE,
    "cores": cores.TABLE,
    "cluster": cluster.TABLE,
    "million": million.TABLE,
    "query": query.TABLE,
}
