"""The cluster part of the progress line: nodes, workers, packs in flight, rows per second."""

from collections import deque

from fitgap.runner.amounts import counted
from fitgap.runner.engine import ClusterStatus

# Length of the sliding window over which the rate is computed.
WINDOW_SECONDS = 10.0


class RowRate:
    """Rate of arriving rows over a sliding window."""

    def __init__(self) -> None:
        self.arrivals: deque[tuple[float, int]] = deque()
        self.rows = 0

    def count(self, now: float, rows: int) -> None:
        """Add rows that have arrived."""
        self.arrivals.append((now, rows))
        self.rows += rows
        # The first arrival marks the start of the window.
        while len(self.arrivals) > 2 and now - self.arrivals[0][0] > WINDOW_SECONDS:
            self.rows -= self.arrivals.popleft()[1]

    def per_second(self, now: float) -> float:
        """Rows per second over the window."""
        if len(self.arrivals) < 2:
            return 0.0
        return (self.rows - self.arrivals[0][1]) / max(now - self.arrivals[0][0], 1e-3)


def cluster_line(status: ClusterStatus, rows_per_second: float) -> str:
    """Such as `3 nodes, 24 workers, 26 packs in flight, 12,000 rows/s`."""
    parts = (
        counted(status.nodes, "node"),
        counted(status.workers, "worker"),
        f"{counted(status.packs, 'pack')} in flight",
    )
    return f"{', '.join(parts)}, {rows_per_second:,.0f} rows/s"
