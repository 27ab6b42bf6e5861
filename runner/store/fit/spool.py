"""Temporary storage of fits before they are written: in memory if few, in a file if many (up to a million)."""

import contextlib
import struct
import tempfile
from collections.abc import Iterator
from typing import Any, Self

from fitgap.core.fit_verdicts import Fit, Verdict
from fitgap.runner.errors import StoreError
from fitgap.runner.store.database.values import finite

# Id, index of the verdict in VERDICTS, excess, underfit, overfit.
RECORD = struct.Struct("<qbddd")
VERDICTS = tuple(Verdict)
# Enough for the fits of 127,000 trials.
MOST_BYTES_IN_MEMORY = 4 * 2**20
# Fits per database statement.
FITS_AT_A_TIME = 1_000


class FitSpool:
    """Fits of trials or configurations by id. A context manager; leaving it frees the storage."""

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
        """Add a fit; StoreError if the folder for temporary files is full."""
        record = RECORD.pack(number, VERDICTS.index(fit.verdict), fit.excess, fit.underfit, fit.overfit)
        try:
            self._file.write(record)
        except OSError as error:
            what = f"the fits of a large sweep cannot be written to the folder for temporary files: {error.strerror}"
            raise StoreError(f"{what}; free some space, or set TMPDIR to another folder") from None
        self.count += 1

    def parts(self) -> Iterator[list[dict[str, Any]]]:
        """The fits as parameters of a statement, in batches, in the order in which they were added."""
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
