"""Why a pack that Ray had came to nothing, in a line that helps whoever reads it in the table of trials."""

from fitgap.runner.messages import Block, PackFailure, PackTask


def lost_pack(task: PackTask, error: Exception) -> Block:
    """A pack whose worker was lost or broke down."""
    return Block(None, (), failure=PackFailure(task, task.trials, reason_of(error), is_blameless=is_blameless(error)))


def is_blameless(error: Exception) -> bool:
    """Whether a node died, or took something along that the pack needed, which no trial has caused.

    Where a worker is gone, Ray asks its node why; a node that does not answer is dead.
    """
    import ray

    # Where the examples of a pack could not be prepared, theirs is the cause.
    causes = (error, getattr(error, "cause", None))
    kinds = (ray.exceptions.NodeDiedError, ray.exceptions.ObjectLostError)
    return any(isinstance(each, kinds) for each in causes)


def has_lost_objects(error: Exception) -> bool:
    """Whether something is gone that Ray kept."""
    import ray

    return any(isinstance(each, ray.exceptions.ObjectLostError) for each in (error, getattr(error, "cause", None)))


def is_of_this_node(error: Exception) -> bool:
    """Whether Ray has died on this machine."""
    import ray

    return isinstance(error, ray.exceptions.LocalRayletDiedError)


def reason_of(error: Exception) -> str:
    """Why a worker was lost."""
    import ray

    if isinstance(error, ray.exceptions.OutOfMemoryError):
        return "out of memory: Ray ended its worker; a smaller batch or network needs less, as do fewer --workers"
    if isinstance(error, ray.exceptions.WorkerCrashedError):
        return "its worker died; the system ends processes without a word when memory runs out"
    if isinstance(error, ray.exceptions.NodeDiedError):
        return "its node died"
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return f"worker lost: {lines[-1]}"
