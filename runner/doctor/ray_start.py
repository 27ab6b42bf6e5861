"""Check of Ray: starts it as a sweep does, trains a small network, and stops it again."""

import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fitgap.runner.doctor.blas import blas_finding, threads_while_training
from fitgap.runner.doctor.finding import Finding, ok, problem
from fitgap.runner.engine.ray_client.client import RayClient
from fitgap.runner.errors import ClusterLostError, EngineError
from fitgap.runner.system.machine_record import installed_version

if TYPE_CHECKING:
    from fitgap.runner.messages import Block

# Ray takes about four seconds to start, and many more on a busy machine.
PATIENCE_SECONDS = 90.0
LONGEST_REASON = 300
TRIAL = "{data: and, training: {epochs: 1}}"
ADVICE = "Ray needs space in its temporary folder, shared memory and ports; until it starts, train with --engine local"


def check_ray(database: str | None) -> Iterator[Finding]:
    """Check whether Ray starts and its worker trains with one BLAS thread."""
    began = time.monotonic()
    try:
        threads = threads_of_a_worker()
    except (EngineError, ClusterLostError) as error:
        # Drop the advice to run the doctor.
        yield problem("Ray", str(error).partition("; `fitgap doctor`")[0][:LONGEST_REASON], ADVICE)
        return
    yield ok("Ray", f"{installed_version('ray')} started and trained in {time.monotonic() - began:.1f} s")
    yield blas_finding("BLAS in Ray", threads)


def threads_of_a_worker() -> list[int]:
    """Start Ray and train a small network; returns the BLAS threads of its worker. Raises EngineError."""
    from fitgap.runner.planning.packs import pack_trials, planned_trials
    from fitgap.runner.planning.preparation import prepare_sweep
    from fitgap.runner.spec import sweep_from_text

    prepared = prepare_sweep(sweep_from_text(TRIAL))
    with RayClient(prepared.dataset, workers=1) as engine:
        alarm = threading.Timer(PATIENCE_SECONDS, engine.stop)
        # A second Ctrl-C may come before the timer is cancelled; the process must not wait for it then.
        alarm.daemon = True
        alarm.start()
        try:
            blocks = list(engine.run(pack_trials(planned_trials(prepared), prepared, workers=1)))
            if why := why_not_trained(blocks):
                raise EngineError(why)
            return engine.ask_worker(threads_while_training)
        finally:
            alarm.cancel()
            alarm.join()


def why_not_trained(blocks: "list[Block]") -> str | None:
    """Why the trial was not completed; None if it was."""
    ends = [end for block in blocks for end in block.ended]
    failures = [block.failure.reason for block in blocks if block.failure]
    if len(ends) == 1 and ends[0].status == "completed":
        return None
    if not blocks:
        return f"it did not start and train within {PATIENCE_SECONDS:.0f} s"
    return failures[0] if failures else f"a small network was not trained: {[end.reason for end in ends]}"
