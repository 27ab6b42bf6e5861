"""Studies: questions about networks, each answered by one sweep, in words and with a picture."""

from fitgap.runner.errors import SpecError, nearest
from fitgap.runner.studies.batch_size import BatchSize
from fitgap.runner.studies.boundaries import Boundaries
from fitgap.runner.studies.capacity import Capacity
from fitgap.runner.studies.depth import Depth
from fitgap.runner.studies.double_descent import DoubleDescent
from fitgap.runner.studies.early_stopping import EarlyStopping
from fitgap.runner.studies.learning_curve import LearningCurve
from fitgap.runner.studies.optimizers import Optimizers
from fitgap.runner.studies.planned import PlannedStudy, StudyRequest, planned_study, unused_file
from fitgap.runner.studies.regularization import Regularization
from fitgap.runner.studies.repeats import RepeatsNeeded
from fitgap.runner.studies.result import StudyResult, result_of
from fitgap.runner.studies.study import Answer, Picture, Plan, Size, Study

__all__ = [
    "STUDIES",
    "Answer",
    "Picture",
    "Plan",
    "PlannedStudy",
    "Size",
    "Study",
    "StudyRequest",
    "StudyResult",
    "planned_study",
    "result_of",
    "study_named",
    "unused_file",
]

KINDS: tuple[type[Study], ...] = (
    Capacity,
    LearningCurve,
    DoubleDescent,
    Regularization,
    Optimizers,
    Depth,
    EarlyStopping,
    RepeatsNeeded,
    BatchSize,
    Boundaries,
)
STUDIES: dict[str, Study] = {kind.name: kind() for kind in KINDS}


def study_named(name: str) -> Study:
    """The study with this name. Raises SpecError if there is none."""
    if name not in STUDIES:
        raise SpecError(f"there is no study {name!r}; {nearest(name, STUDIES)}")
    return STUDIES[name]
