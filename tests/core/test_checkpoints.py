"""Saved states: a member that resumes from one trains, bit for bit, as if it had never stopped."""

import dataclasses
import io

import numpy as np
import pytest
from fitgap.core.activations import Identity, PReLU, ReLU, Sigmoid
from fitgap.core.checkpoints import MemberState
from fitgap.core.initializers import Zeros
from fitgap.core.optimizers import OPTIMIZERS, Adam, GradientDescent, Momentum, RMSProp
from fitgap.core.regularizers import L2, Dropout
from fitgap.core.schedules import Cosine
from fitgap.core.stopping import AcceptableError, NoImprovement
from fitgap.core.training import Pack
from hypothesis import given
from hypothesis import strategies as st
from support.core.core_strategies import packs
from support.core.trainings import assert_same_epochs, same


def through_a_file(state):
    """The state after saving and loading an `.npz` file without pickled objects."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **state.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        return MemberState.from_arrays(arrays)


def assert_as_undisturbed(undisturbed, before, number, after, after_number):
    """The epochs before and after the stop, and the final parameters, are those of uninterrupted training."""
    assert_same_epochs(before.epochs[number] + after.epochs[after_number], undisturbed.epochs[number])
    assert same(after.parameters[after_number], undisturbed.parameters[number])


@given(pack=packs(), until=st.integers(1, 4), data=st.data())
def test_members_go_on_from_their_states_as_if_undisturbed(
    pack, until, data, draw_member, make_repeats, run_training, assert_same_member
):
    """All kinds of members, alone or in a different pack, some of whose members have already left; states pass through
    a file.
    """
    shape, counts, member_count, seed = pack
    rng = np.random.default_rng(seed)
    drawn = [draw_member(rng, len(shape.network.sizes) - 1) for _ in range(member_count)]
    members = [dataclasses.replace(member, epochs=member.epochs + 2) for member in drawn]
    examples = make_repeats(shape, counts)
    undisturbed = run_training(shape, members, examples)
    before = run_training(shape, members, examples, until=until)
    if before.states:
        chosen = data.draw(st.lists(st.sampled_from(sorted(before.states)), min_size=1, unique=True))
        states = [through_a_file(before.states[number]) for number in chosen]
        after = run_training(shape, [members[number] for number in chosen], examples, states)
        for row, number in enumerate(chosen):
            assert_as_undisturbed(undisturbed, before, number, after, row)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_members_that_were_never_together_go_on_in_one_pack(dtype, draw_member, make_shape, make_repeats, run_training):
    """They have the same epoch and equally many examples. In the new pack, parameters of mixed functions have other
    columns.
    """
    rng, shape = np.random.default_rng(40), make_shape((3, 9, 2), 4, dtype)
    members = [dataclasses.replace(draw_member(rng, 2), epochs=5) for _ in range(24)]
    examples = make_repeats(shape, (30, 20))
    undisturbed = [run_training(shape, [member], examples) for member in members]
    before = [run_training(shape, [member], examples, until=2) for member in members]
    going = [number for number, one in enumerate(before) if one.states]
    assert len(going) > 12
    states = [before[number].states[0] for number in going]
    after = run_training(shape, [members[number] for number in going], examples, states)
    for row, number in enumerate(going):
        assert_as_undisturbed(undisturbed[number], before[number], 0, after, row)


def test_everything_that_depends_on_the_epoch_goes_on(make_member, make_shape, make_repeats, run_training):
    """Bias correction, schedule with warm-up, stopping rules, dropout, order of batches, and the choice of measured
    examples.
    """
    member = make_member(
        PReLU(learn="beta"),
        Sigmoid(learn="beta+gamma"),
        regularizers=(Dropout(ratio=0.3), L2(weight=0.01)),
        optimizer=Adam(rate=0.02),
        schedule=Cosine(warm_up=3),
        stopping=(AcceptableError(error=0.05, share=0.5, epochs=5), NoImprovement(epochs=6)),
        epochs=30,
    )
    shape = make_shape((3, 9, 2), 4, "float32", measured_examples=12)
    examples = make_repeats(shape, (30, 20))
    undisturbed = run_training(shape, [member], examples)
    length = len(undisturbed.epochs[0])
    assert 8 < length < 30
    for until in range(1, length):
        before = run_training(shape, [member], examples, until=until)
        after = run_training(shape, [member], examples, [through_a_file(before.states[0])])
        assert_as_undisturbed(undisturbed, before, 0, after, 0)


def test_slots_that_decay_to_nothing_do_so_at_the_same_step(make_member, make_shape, make_examples, run_training):
    """Slots of dead units, within an epoch and at its end: the saved values are those that the next step would have
    used.
    """
    shape, examples = make_shape((3, 4, 2), 1, "float32"), make_examples((3, 4, 2), 150, dtype="float32")
    quiet = examples.training_inputs.copy()
    quiet[:, 0] = 0
    quiet[0, 0] = 1
    examples = {0: dataclasses.replace(examples, training_inputs=quiet)}
    members = [
        make_member(ReLU(), optimizer=optimizer, epochs=8)
        for optimizer in (Adam(beta_1=0.6, beta_2=0.7), Momentum(beta=0.7), RMSProp(beta=0.5))
    ]
    undisturbed = run_training(shape, members, examples)
    smallest = []
    for until in range(1, 8):
        before = run_training(shape, members, examples, until=until)
        after = run_training(shape, members, examples, [before.states[number] for number in range(3)])
        for number in range(3):
            assert_as_undisturbed(undisturbed, before, number, after, number)
        slots = np.abs(np.concatenate([state.slots.ravel() for state in before.states.values()]))
        smallest.append(slots[slots > 0].min())
        assert (slots == 0).any()
    assert min(smallest) < 1e-20


def test_a_state_stays_as_it_was_when_the_pack_goes_on(make_member, make_shape, make_examples):
    shape, examples = make_shape((3, 4, 2), 4), {0: make_examples((3, 4, 2))}
    rules = (NoImprovement(epochs=9), AcceptableError(error=1e9, epochs=9))
    pack = Pack(shape, [make_member(optimizer=Adam(), stopping=rules, epochs=9)], examples)
    pack.run_epoch()
    state = pack.state_of(0)
    kept = {name: array.copy() for name, array in state.to_arrays().items()}
    pack.run_epoch()
    # A pack that resumes from the state must not change it either.
    Pack(shape, pack.members, examples, [state]).run_epoch()
    assert {name: array.tolist() for name, array in state.to_arrays().items()} == {
        name: array.tolist() for name, array in kept.items()
    }


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_a_state_has_the_slots_that_its_optimizer_uses(name, make_member, make_shape, make_examples):
    """Even if other members in the pack have more slots, and more functions in a layer."""
    members = [
        make_member(optimizer=OPTIMIZERS[name](), epochs=3),
        make_member((ReLU(), PReLU(), Sigmoid()), optimizer=Adam(), epochs=3),
    ]
    pack = Pack(make_shape((3, 4, 2), 4), members, {0: make_examples((3, 4, 2))})
    pack.run_epoch()
    state = pack.state_of(0)
    own_length = len(pack.parameters_of(0))
    assert own_length < pack.networks.layout.row_length
    assert state.slots.shape == (OPTIMIZERS[name].slot_count, own_length)
    assert state.parameters.tolist() == pack.parameters_of(0).tolist()


def test_a_state_is_arrays_of_numbers(make_member, make_shape, make_examples):
    """This includes the standings of stopping rules, which are infinite if there is no best E_v yet."""
    rules = (NoImprovement(epochs=9), AcceptableError(error=1e9, epochs=9))
    pack = Pack(make_shape((3, 4, 2), 4), [make_member(stopping=rules, epochs=9)], {0: make_examples((3, 4, 2))})
    for _ in range(3):
        results = pack.run_epoch()
    arrays = pack.state_of(0).to_arrays()
    assert {name: (array.dtype, array.ndim) for name, array in arrays.items()} == {
        "epoch": (np.int64, 0),
        "steps": (np.int64, 0),
        "parameters": (np.float64, 1),
        "slots": (np.float64, 2),
        "standings": (np.float64, 2),
    }
    assert (arrays["epoch"], arrays["steps"]) == (3, 9)
    assert arrays["standings"].tolist() == [[0, results.e_v[0]], [3, np.inf]]


@pytest.fixture
def refused(make_member, make_shape, make_examples):
    """`refused(change, **changes)`: the message when a member is refused to resume from a changed state."""
    rule = NoImprovement(epochs=9)
    member = make_member(optimizer=Adam(), stopping=(rule,), epochs=3)
    examples = {0: make_examples((3, 4, 2), dtype="float32")}

    def refuse(change, **changes):
        shape = make_shape((3, 4, 2), 4, "float32")
        pack = Pack(shape, [member, member], examples)
        pack.run_epoch()
        states = change([pack.state_of(0), pack.state_of(1)])
        with pytest.raises(ValueError) as error:
            Pack(shape, [member, dataclasses.replace(member, **changes)], examples, states)
        return str(error.value)

    return refuse


def second(**changes):
    return lambda states: [states[0], dataclasses.replace(states[1], **changes)]


def test_states_that_do_not_go_together_or_with_their_members_are_refused(refused):
    """The message states the rule and what was received."""
    shapes = "((32,), (2, 32), (1, 2))"
    assert refused(lambda states: states[:1]) == "every member needs a state, but 2 members have 1 states"
    together = "all members must resume from the same epoch and step, but theirs are "
    assert refused(second(epoch=2)) == together + "[(1, 3), (2, 3)]"
    assert refused(second(steps=9)) == together + "[(1, 3), (1, 9)]"
    assert shapes in refused(second(parameters=np.zeros(16, np.float32)))
    assert shapes in refused(second(slots=np.zeros((1, 32), np.float32)))
    assert "(0, 32)" in refused(lambda states: states, optimizer=GradientDescent())
    assert "(0, 2)" in refused(lambda states: states, stopping=())
    assert "(0, 2)" in refused(second(standings=np.zeros((0, 2))))
    assert "in float32" in refused(second(parameters=np.zeros(32)))
    assert refused(lambda states: states, epochs=1) == "the state is of epoch 1 of 1, so no epoch is left to train"


def test_going_on_needs_nothing_that_was_drawn_before(make_member, make_shape, make_examples, run_training):
    """Initial weights are replaced: a member with different ones reaches the same end."""
    shape, examples = make_shape((3, 4, 2), 4), {0: make_examples((3, 4, 2))}
    member = make_member(Identity(), optimizer=Adam(), epochs=4)
    before = run_training(shape, [member], examples, until=2)
    one, other = (
        run_training(shape, [each], examples, [before.states[0]])
        for each in (member, dataclasses.replace(member, initializer=Zeros()))
    )
    assert_as_undisturbed(run_training(shape, [member], examples), before, 0, one, 0)
    assert same(one.parameters[0], other.parameters[0])
