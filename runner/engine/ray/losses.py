"""Why a pack that Ray had came to nothing, in a line that helps whoever reads it in the table of trials."""

from runner.messages import Block, Loss, PackTask


def lost_pack(task: PackTask, error: Exception) -> Block:
    """A pack whose worker was lost or broke down."""
    return Block(None, (), loss=Loss(task, task.trials, reason_of(error)))


def reason_of(error: Exception) -> str:
    """Why a worker was lost."""
    import ray

    if isinstance(error, ray.exceptions.OutOfMemoryError):
        return "out of memory: Ray ended its worker; a smaller batch or network needs less, as do fewer --workers"
    if isinstance(error, ray.exceptions.WorkerCrashedError):
        return "its worker died; the system ends processes without a word when memory runs out"
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return f"worker lost: {lines[-1]}"
