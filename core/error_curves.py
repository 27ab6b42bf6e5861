"""Error curves: estimates of their late trend, jumps and best epoch that are robust against noise."""

from dataclasses import dataclass

import numpy as np

# The late window: the last tenth of the epochs, at least three.
LATE_SHARE, FEWEST_LATE = 0.1, 3
# A trend is computed from at most this many points of the window.
MOST_POINTS = 60
# The best epoch is the minimum of running medians over this many epochs.
SMOOTHED_OVER = 5
# An error jumps if it grows to the first multiple from one epoch to the next. It ended far above an earlier value if it
# ended at the second multiple of its minimum.
JUMPED, ENDED_ABOVE = 1.5, 1.5
# Changes, or an unsteady error itself, are ignored below this share of the scale: the error of a constant prediction,
# or the first error.
WORTH_NAMING = 0.05
# An error is unsteady if, in the second half, a tenth of the changes of its logarithm are rises of more than this, and
# another tenth falls of more than this.
UNSTEADY = 0.3


@dataclass(frozen=True)
class Instability:
    """How an error curve is unstable: `kind` is `ended`, `jumped` or `unsteady`, and `value` says how much."""

    kind: str
    value: float
    epoch: int


def late_epochs(count: int) -> int:
    """The length of the late window in epochs."""
    return min(count - 1, max(FEWEST_LATE, round(LATE_SHARE * count)))


def late_start(count: int) -> int:
    """The last epoch before the late window."""
    return count - late_epochs(count)


def late_fall(errors: np.ndarray, epochs: np.ndarray, start: int | None = None) -> float:
    """The share of its value by which an error fell over the late window, or since the epoch `start`, according to a
    robust trend; negative if it rose.

    The trend is the median slope between pairs of epochs (Theil and Sen), so single epochs have little influence.
    """
    window = epochs >= (late_start(int(epochs[-1])) if start is None else start)
    numbers, values = thinned(epochs[window]), thinned(errors[window])
    slopes = pair_slopes(numbers, values)
    if not len(slopes):
        return 0.0
    slope = float(np.median(slopes))
    first = float(np.median(values - slope * (numbers - numbers[0])))
    return -slope * float(numbers[-1] - numbers[0]) / first if first > 0 else 0.0


def thinned(values: np.ndarray) -> np.ndarray:
    """At most MOST_POINTS of the values, evenly spaced and including the last one."""
    step = -(-len(values) // MOST_POINTS)
    return np.asarray(values[::-1][::step][::-1], float)


def pair_slopes(numbers: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The slopes between all pairs of points."""
    one, other = np.triu_indices(len(numbers), 1)
    with np.errstate(all="ignore"):
        slopes: np.ndarray = (values[other] - values[one]) / (numbers[other] - numbers[one])
    return slopes[np.isfinite(slopes)]


def smoothed(errors: np.ndarray) -> np.ndarray:
    """Running medians over five epochs, fewer at both ends."""
    reach = SMOOTHED_OVER // 2
    if len(errors) < SMOOTHED_OVER:
        return errors
    middle = np.median(np.lib.stride_tricks.sliding_window_view(errors, SMOOTHED_OVER), axis=1)
    first = [np.median(errors[: reach + number + 1]) for number in range(reach)]
    last = [np.median(errors[-(reach + number + 1) :]) for number in reversed(range(reach))]
    return np.concatenate([first, middle, last])


def lowest(errors: np.ndarray) -> int | None:
    """The index of the lowest error; None without errors."""
    return int(np.argmin(errors)) if len(errors) else None


def rise(errors: np.ndarray) -> float:
    """The share by which an error ended above its minimum, after smoothing."""
    smooth = smoothed(errors)
    if not len(smooth) or not smooth.min() > 0:
        return 0.0
    return float(smooth[-1] / smooth.min()) - 1


def instability(errors: np.ndarray, epochs: np.ndarray, constant: float | None = None) -> Instability | None:
    """How a training error is unstable; None if it is not. `constant` is the error of a constant prediction."""
    if len(errors) < 2 or not np.isfinite(errors).all() or errors[0] <= 0:
        return None
    scale = constant or float(errors[0])
    return ended_above(errors, epochs, scale) or jumped(errors, epochs, scale) or unsteady(errors, epochs, scale)


def ended_above(errors: np.ndarray, epochs: np.ndarray, scale: float) -> Instability | None:
    """The error ended far above an earlier value."""
    best = int(np.argmin(errors))
    last, low = float(errors[-1]), float(errors[best])
    if last < ENDED_ABOVE * low or last - low < WORTH_NAMING * scale:
        return None
    return Instability("ended", last / low if low > 0 else np.inf, int(epochs[best]))


def jumped(errors: np.ndarray, epochs: np.ndarray, scale: float) -> Instability | None:
    """The error jumped at least twice from one epoch to the next."""
    growth = errors[1:] / np.maximum(errors[:-1], np.finfo(float).tiny)
    is_jump = (growth >= JUMPED) & (errors[1:] - errors[:-1] >= WORTH_NAMING * scale)
    if np.count_nonzero(is_jump) < 2:
        return None
    worst = int(np.argmax(np.where(is_jump, growth, 0)))
    return Instability("jumped", float(growth[worst]), int(epochs[worst + 1]))


def unsteady(errors: np.ndarray, epochs: np.ndarray, scale: float) -> Instability | None:
    """The error keeps going up and down."""
    late = errors[len(errors) // 2 :]
    if len(late) < 4 or np.median(late) < WORTH_NAMING * scale or not late.min() > 0:
        return None
    changes = np.log(late[1:] / late[:-1])
    size = float(min(np.quantile(changes, 0.9), -np.quantile(changes, 0.1)))
    return Instability("unsteady", size, int(epochs[-1])) if size > UNSTEADY else None
