"""Synthetic sets that are bit for bit the same on every platform, and what each of them contains."""

import numpy as np
import pytest
from fitgap.core.preprocessing import prepare_examples
from fitgap.runner.data import fingerprint, load_dataset
from fitgap.runner.data.exact_numbers import bell, cosine, sine
from fitgap.runner.data.synthetic_images import IMAGES, KINDS
from fitgap.runner.data.synthetic_sequences import MOTIF, SEQUENCES
from fitgap.runner.data.synthetic_tables import TABLES
from fitgap.runner.errors import DataError
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from support.sampling import every

FINGERPRINTS = {
    "friedman": "db5808a329add401",
    "rare": "a99e44f8d78def0b",
    "subjects": "c95c68020bd36a87",
    "checkerboard": "d39f75de7cd5caf0",
    "rings": "673070cfc5fc4004",
    "spirals": "13810c34e308ab8f",
    "shapes": "e35c2b510ac0ae2c",
    "adding": "26068528b817c129",
    "oscillator": "c991509f906c7383",
    "motif": "c00b72602c7ad846",
    "bars": "0b2aa399abc06aaf",
    "shifted_digits": "5ce97db152c56840",
    "parity": "be6c7aa3e09989ae",
}


@pytest.mark.parametrize("name", {**TABLES, **IMAGES, **SEQUENCES})
def test_a_set_is_the_same_everywhere_and_for_ever(name):
    assert fingerprint(load_dataset(name)).startswith(FINGERPRINTS[name])
    assert fingerprint(load_dataset(name, seed=1)) != fingerprint(load_dataset(name))


@pytest.mark.parametrize("name", every(4, {**TABLES, **IMAGES, **SEQUENCES}))
def test_a_set_trains(name, invoke):
    answer = invoke("run", "--data", name, "--hidden", "4", "--epochs", "1", "--engine", "local")
    assert answer.code == 0
    assert "1 trial: 1 completed" in answer.err


def test_sine_and_cosine_agree_with_those_of_numpy():
    angles = np.linspace(-40, 40, 10_001)
    assert np.abs(sine(angles) - np.sin(angles)).max() < 1e-14
    assert np.abs(cosine(angles) - np.cos(angles)).max() < 1e-14


def test_the_noise_is_nearly_normal():
    noise = bell(np.random.default_rng(0), 200_000)
    assert (noise.mean(), noise.std()) == pytest.approx((0, 1), abs=0.01)
    assert np.mean(np.abs(noise) > 1.96) == pytest.approx(0.05, abs=0.003)
    assert np.abs(noise).max() < 6


def test_friedman_is_its_function_plus_noise_of_known_size():
    data, clean = (load_dataset("friedman", options={"examples": 20_000, "noise": noise}) for noise in (2, 0))
    x = clean.inputs
    expected = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    assert clean.targets[:, 0] == pytest.approx(expected, abs=1e-12)
    assert (data.targets - clean.targets).std() == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize(("share", "examples", "rare"), [(0.05, 1000, 50), (0.001, 20, 1), (0.5, 20, 10)])
def test_the_rare_class_has_exactly_its_share(share, examples, rare):
    data = load_dataset("rare", options={"share": share, "examples": examples, "distance": 3.0})
    assert data.targets.sum() == rare
    if examples == 1000:
        centres = [data.inputs[data.targets[:, 0] == number].mean(axis=0) for number in (0, 1)]
        assert np.linalg.norm(centres[1] - centres[0]) == pytest.approx(3, abs=0.5)


def test_subjects_can_be_kept_together():
    text = "{data: {source: subjects, validation: RULE, test: TEST}, repeats: 2}"
    sweep = prepare_sweep(sweep_from_text(text.replace("RULE", "{group: subject}").replace("TEST", "{group: subject}")))
    subject = sweep.dataset.groups["subject"]
    for split in sweep.splits.values():
        assert not set(subject[split.training]) & set(subject[split.validation])
        assert not set(subject[split.training]) & set(subject[sweep.dataset.marks["test"]])
    by_folds = prepare_sweep(sweep_from_text(text.replace("RULE", "{group: subject, folds: 3}").replace("TEST", "")))
    assert by_folds.repeat_count == 6


def test_redrawn_subjects_are_kept_together_too():
    text = "{data: {source: subjects, validation: {group: subject}, resample: data}, seed: 2, repeats: 2}"
    sweep = prepare_sweep(sweep_from_text(text))
    for repeat, split in sweep.splits.items():
        subject = sweep.dataset.of_repeat(repeat).groups["subject"]
        assert not set(subject[split.training]) & set(subject[split.validation])
    examples = prepare_examples(sweep.dataset, sweep.preparation, sweep.reading, seed=2, repeat=2, dtype="float64")
    assert len(examples.training_inputs) == len(sweep.splits[2].training)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("source: iris, validation: {group: species}", "validation: iris is a named data set.*it has no such column"),
        ("source: subjects, validation: {group: person}", "it can be split by group=subject"),
        ("source: subjects, validation: {last: 0.3}", "it can be split by group=subject"),
        ("source: sine, test: {column: part}", "test: sine is a named data set"),
    ],
)
def test_a_named_set_is_not_split_by_columns_that_it_does_not_have(data, message):
    with pytest.raises(DataError, match=message):
        prepare_sweep(sweep_from_text(f"{{data: {{{data}}}}}"))


def test_shapes_without_noise_are_what_they_are_called():
    data = load_dataset("shapes", options={"noise": 0, "examples": 400})
    images = data.inputs.reshape(-1, 16, 16)
    assert set(np.unique(images)) == {0, 1}
    assert images.sum(axis=(1, 2)).min() > 5
    counts = {name: images[data.targets[:, 0] == number] for number, name in enumerate(KINDS)}
    # The middle of a ring is empty, that of a disk is not.
    for name, is_empty in (("ring", True), ("disk", False)):
        rows, columns = (np.arange(16) @ counts[name].sum(axis=axis).T for axis in (2, 1))
        area = counts[name].sum(axis=(1, 2))
        middle = counts[name][
            np.arange(len(area)), np.rint(rows / area).astype(int), np.rint(columns / area).astype(int)
        ]
        assert (middle == (0 if is_empty else 1)).all()
    # Squares fill their bounding box.
    for image in counts["square"]:
        rows, columns = np.nonzero(image)
        assert image.sum() == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)


@pytest.mark.parametrize("side", [2, 8])
def test_bars_without_noise_are_constant_along_their_direction_alone(side):
    data = load_dataset("bars", options={"noise": 0, "examples": 300, "side": side})
    images, is_vertical = data.inputs.reshape(-1, side, side), data.targets[:, 0] == 1
    assert set(np.unique(images)) == {0, 1}
    assert 0.3 < is_vertical.mean() < 0.7
    varies_down, varies_across = (np.ptp(images, axis=axis).any(axis=1) for axis in (1, 2))
    assert (varies_down == ~is_vertical).all()
    assert (varies_across == is_vertical).all()
    assert np.unique(images[is_vertical][:, 0], axis=0).shape[0] > min(side, 20) / 2


def test_shifted_digits_are_digits_somewhere_else():
    digits, data = load_dataset("digits"), load_dataset("shifted_digits", options={"side": 11})
    images = data.inputs.reshape(-1, 11, 11)
    known = {
        image[np.ix_(*filled(image))].tobytes(): digit
        for image, digit in zip(digits.inputs.reshape(-1, 8, 8), digits.targets, strict=True)
    }
    corners = set()
    for image, digit in zip(images, data.targets, strict=True):
        rows, columns = filled(image)
        assert known[image[np.ix_(rows, columns)].tobytes()] == digit
        corners.add((rows[0], columns[0]))
    assert len(data.inputs) == len(digits.inputs)
    assert len(corners) > 16
    assert len(load_dataset("shifted_digits", options={"examples": 50}).inputs) == 50


def filled(image):
    """The rows and columns from the first to the last that is not empty."""
    return [np.arange(np.flatnonzero(line)[0], np.flatnonzero(line)[-1] + 1) for line in (image.any(1), image.any(0))]


def test_parity_is_that_of_the_number_of_ones():
    data = load_dataset("parity", options={"length": 5, "examples": 200})
    assert data.input_axes == (5, 1)
    assert len(np.unique(data.inputs, axis=0)) == 32
    assert (data.inputs.sum(axis=1) % 2 == data.targets[:, 0]).all()
    assert data.class_names == ("even", "odd")


def test_the_sum_is_that_of_the_two_marked_numbers():
    data = load_dataset("adding", options={"length": 7, "examples": 50})
    assert data.input_axes == (7, 2)
    values, marks = data.inputs[:, ::2], data.inputs[:, 1::2]
    assert (marks.sum(axis=1) == 2).all()
    assert (values * marks).sum(axis=1) == pytest.approx(data.targets[:, 0], abs=1e-15)


def test_the_next_value_of_an_oscillation_follows_from_two():
    data = load_dataset("oscillator", options={"noise": 0, "length": 12})
    factor = (data.inputs[:, 2] + data.inputs[:, 0]) / data.inputs[:, 1]
    expected = factor * data.inputs[:, -1] - data.inputs[:, -2]
    usable = np.abs(data.inputs[:, 1]) > 0.05
    assert expected[usable] == pytest.approx(data.targets[usable, 0], abs=1e-9)
    assert np.abs(data.inputs).max() <= 1 + 1e-9


def test_a_motif_is_present_where_it_is_said_to_be():
    data = load_dataset("motif", options={"length": 9, "examples": 300})
    symbols = data.inputs.reshape(300, 9, 4)
    assert (symbols.sum(axis=2) == 1).all()
    texts = ["".join("abcd"[each] for each in row.argmax(axis=1)) for row in symbols]
    motif = "".join("abcd"[each] for each in MOTIF)
    assert [motif in text for text in texts] == (data.targets[:, 0] == 1).tolist()


def test_classes_in_the_plane_are_where_they_should_be():
    board = load_dataset("checkerboard")
    assert ((np.floor(board.inputs).sum(axis=1) % 2) == board.targets[:, 0]).all()
    rings = load_dataset("rings", options={"noise": 0})
    assert np.hypot(*rings.inputs.T) == pytest.approx(1 + rings.targets[:, 0])
    spirals = load_dataset("spirals", options={"noise": 0, "spirals": 3})
    distance, angle = np.hypot(*spirals.inputs.T), np.arctan2(*spirals.inputs.T[::-1]) / (2 * np.pi)
    turned = (angle - 1.5 * distance - spirals.targets[:, 0] / 3) % 1
    assert np.minimum(turned, 1 - turned).max() < 1e-9


def test_the_list_says_what_each_set_is(invoke):
    rows = {row["name"]: row for row in invoke("list", "data", "--format", "json").json}
    assert {**TABLES, **IMAGES, **SEQUENCES}.keys() < rows.keys()
    shapes = rows["shapes"]
    assert (shapes["examples"], shapes["inputs"], shapes["target"], shapes["task"]) == (1000, 256, "shape", "5 classes")
    assert rows["subjects"]["groups"] == ["subject"]
    assert rows["friedman"]["task"] == "numbers"
    assert rows["iris"]["origin"] == "UCI repository, CC BY 4.0"
    assert all(row["origin"] and row["examples"] > 0 for row in rows.values())
