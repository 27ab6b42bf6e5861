"""Standard input, output and error that are closed, full, broken, or of the wrong kind."""

from support.places.environments.environment import (
    DONE,
    DONE_OR_REFUSED,
    FAILS,
    NOTHING_IS_HEARD,
    ONLY_ERR,
    ONLY_OUT,
    READS,
    REFUSED,
    TRAINS,
    WRITES,
    Environment,
)

# File descriptor 9 becomes a pipe whose reader is gone.
NO_READER = "mkfifo pipe; exec 8<>pipe 9>pipe 8<&-; rm pipe"
# The answer cannot be written. Some commands that write print nothing.
UNANSWERED = {READS: REFUSED, WRITES: DONE_OR_REFUSED, TRAINS: REFUSED}

STREAMS = (
    Environment("stdin closed", redirect="<&-", sample=("run", "trials", "delete")),
    Environment("stdin only for writing", redirect="0>/dev/null"),
    Environment("stdin never ends", redirect="</dev/zero", sample=("delete",)),
    Environment("stdout closed", redirect=">&-", hears=ONLY_ERR, sample=("run", "trials", "show 99")),
    Environment(
        "stdout full",
        redirect=">/dev/full",
        hears=ONLY_ERR,
        codes=UNANSWERED,
        is_done_anyway=True,
        sample=("run", "trials"),
    ),
    Environment("stdout without reader", NO_READER, redirect=">&9", hears=ONLY_ERR, sample=("run", "trials")),
    Environment(
        "stdout only for reading",
        redirect="1</dev/null",
        hears=ONLY_ERR,
        codes=UNANSWERED,
        is_done_anyway=True,
    ),
    Environment("stderr closed", redirect="2>&-", hears=ONLY_OUT, sample=("run", "trials", "show 99")),
    Environment("stderr full", redirect="2>/dev/full", hears=ONLY_OUT, sample=("run in processes", "show 99")),
    Environment("stderr without reader", NO_READER, redirect="2>&9", hears=ONLY_OUT),
    Environment("stderr only for reading", redirect="2</dev/null", hears=ONLY_OUT),
    Environment(
        "stdout and stderr without reader",
        NO_READER,
        redirect=">&9 2>&9",
        hears=NOTHING_IS_HEARD,
        sample=("run in processes", "table"),
    ),
    Environment(
        "stdout and stderr full",
        redirect=">/dev/full 2>/dev/full",
        hears=NOTHING_IS_HEARD,
        codes=UNANSWERED,
        is_done_anyway=True,
        sample=("run", "show 99"),
    ),
    Environment(
        "all streams closed",
        redirect="<&- >&- 2>&-",
        hears=NOTHING_IS_HEARD,
        codes={READS: DONE, FAILS: REFUSED},
        sample=("run in processes", "show 99"),
    ),
    Environment("stdout is stderr", redirect="2>&1", hears=NOTHING_IS_HEARD),
    Environment("stdout is a file at its end", "seq 100 >old", redirect=">>old", hears=ONLY_ERR),
)
