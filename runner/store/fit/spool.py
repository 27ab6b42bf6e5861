"""Fits on their way into the database: few are kept in memory, many in a file, since there may be a million."""

import contextlib
import struct
import tempfile
from collections.abc import Iterator
from typing import Any, Self

from fitgap.core.fit import Fit, Verdict
from fitgap.runner.errors import StoreError
from fitgap.runner.store.database.values import finite

# A number, where its verdict stands below, and how much of each there is.
RECORD = struct.Struct("<qbddd")
VERDICTS = tuple(Verdict)
# What is kept in memory: the fits of 127,000 trials.
MOST_BYTES_IN_MEMORY = 4 * 2**20
# They are written into the database so many at a time.
FITS_AT_A_TIME = 1_000


class FitSpool:
    """Fits of trials or configurations by their numbers. Leaving it as a context gives their room back."""

    def __init__(self) -> None:
        self.count = 0
        with contextlib.ExitStack() as opened:
            self._file = opened.enter_context(tempfile.SpooledTemporaryFile(max_size=MOST_BYTES_IN_MEMORY))
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def __len__(self) -> int:
        return self.count

    def add(self, number: int, fit: Fit) -> None:
        """Keep one more; StoreError where the folder for temporary files has no room for it."""
        record = RECORD.pack(number, VERDICTS.index(fit.verdict), fit.excess, fit.underfit, fit.overfit)
        try:
            self._file.write(record)
        except OSError as error:
            what = f"the folder for temporary files cannot take the fits of a large sweep: {error.strerror}"
            raise StoreError(f"{what}; make room in it, or set TMPDIR to another folder") from None
        self.count += 1

    def parts(self) -> Iterator[list[dict[str, Any]]]:
        """The fits as parameters of a statement, some at a time and from the first on."""
        self._file.seek(0)
        while part := self._file.read(FITS_AT_A_TIME * RECORD.size):
            yield [parameters(*record) for record in RECORD.iter_unpack(part)]


def parameters(number: int, verdict: int, excess: float, underfit: float, overfit: float) -> dict[str, Any]:
    return {
        "number": number,
        "new_excess": finite(excess),
        "new_underfit": finite(underfit),
        "new_overfit": finite(overfit),
        "new_verdict": VERDICTS[verdict].value,
    }
