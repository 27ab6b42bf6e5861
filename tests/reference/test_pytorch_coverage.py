"""Everything is compared with PyTorch, in every form, except what is listed here with a reason."""

import pytest
from fitgap.core.activations import ACTIVATIONS
from fitgap.core.losses import LOSSES
from fitgap.core.optimizers import OPTIMIZERS, Adam
from fitgap.core.regularizers import REGULARIZERS
from fitgap.core.schedules import SCHEDULES
from support.reference.pytorch_activations import FUNCTIONS
from support.reference.pytorch_optimizers import OPTIMIZERS_THERE
from support.reference.pytorch_training import LOSSES_THERE, REGULARIZERS_HERE, SCHEDULES_THERE

NOT_IN_PYTORCH = {
    "threshold": "has no derivative to train with; torch.nn.Threshold is another function",
    "sign": "has no derivative to train with",
    "perceptron": "no gradient descent; see tests/core/test_perceptrons.py",
    "fixed": "makes no steps",
}


@pytest.mark.parametrize(
    ("table", "compared"),
    [
        (ACTIVATIONS, FUNCTIONS),
        (OPTIMIZERS, OPTIMIZERS_THERE),
        (LOSSES, LOSSES_THERE),
        (REGULARIZERS, [each for regularizers in REGULARIZERS_HERE for each in regularizers]),
        (SCHEDULES, SCHEDULES_THERE),
    ],
    ids=["activations", "optimizers", "losses", "regularizers", "schedules"],
)
def test_all_is_compared_but_what_is_listed_with_a_reason(table, compared):
    kinds = {type(each) for each in compared}
    assert {name for name, kind in table.items() if kind not in kinds} == set(table) & set(NOT_IN_PYTORCH)


def test_everything_listed_is_in_a_table_and_has_a_reason():
    assert set(NOT_IN_PYTORCH) <= {*ACTIVATIONS, *OPTIMIZERS}
    assert all(NOT_IN_PYTORCH.values())


def test_every_choice_of_what_is_learned_and_every_form_is_compared():
    """For every function, all its learnable parameters at once; for the optimizers, every form."""
    for kind in ACTIVATIONS.values():
        if "learn" in kind.parameters():
            learned = {name for function in FUNCTIONS if type(function) is kind for name in function.learned}
            assert learned == set("+".join(kind.parameters()["learn"].metadata["domain"].choices).split("+")) - {
                "nothing"
            }
    assert {each.form for each in OPTIMIZERS_THERE if isinstance(each, Adam)} == {"kingma_ba", "notes"}
