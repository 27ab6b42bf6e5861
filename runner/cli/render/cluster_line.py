"""What the live line says of a cluster: nodes, workers, packs in flight, rows a second."""

from collections import deque

from fitgap.runner.amounts import counted
from fitgap.runner.engine import ClusterStatus

# The rate is that of so many seconds.
WINDOW_SECONDS = 10.0


class RowRate:
    """Rows that came lately."""

    def __init__(self) -> None:
        self.came: deque[tuple[float, int]] = deque()
        self.rows = 0

    def count(self, now: float, rows: int) -> None:
        """So many rows have come."""
        self.came.append((now, rows))
        self.rows += rows
        # The first one stands for the beginning of the window.
        while len(self.came) > 2 and now - self.came[0][0] > WINDOW_SECONDS:
            self.rows -= self.came.popleft()[1]

    def per_second(self, now: float) -> float:
        """Over the last seconds."""
        if len(self.came) < 2:
            return 0.0
        return (self.rows - self.came[0][1]) / max(now - self.came[0][0], 1e-3)


def cluster_line(crew: ClusterStatus, rows_per_second: float) -> str:
    """Such as `3 nodes, 24 workers, 26 packs in flight, 12,000 rows/s`."""
    parts = (counted(crew.nodes, "node"), counted(crew.workers, "worker"), f"{counted(crew.packs, 'pack')} in flight")
    return f"{', '.join(parts)}, {rows_per_second:,.0f} rows/s"
