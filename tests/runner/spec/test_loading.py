import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fitgap.runner.errors import SpecError
from fitgap.runner.spec import Flags, Sweep, sweep_from_file, sweep_from_flags, sweep_from_text
from fitgap.runner.spec.configuration import layers_label
from hypothesis import given
from hypothesis import strategies as st
from support.spec.spec_strategies import WRITTEN_SWEEPS, as_flags, as_yaml

EXAMPLE = """
name: digits
data: {source: digits, validation: 0.3}
seed: 0
repeats: 3
training: {epochs: 30, batch_size: 32}
axes:
  architecture: [16, 64-32, none]
  activation: [relu, {prelu: {beta: [0.01, 0.05]}}, "prelu:beta=0.2"]
  regularizer: [none, {l2: {weight: [1e-4, 1e-3]}}, {l1: {weight: 1e-4}, dropout: {ratio: 0.2}}]
  optimizer: [{gradient_descent: {rate: 0.1}}, {adam: {rate: [1e-3, 1e-2]}}]
"""


def message_of(function, *arguments):
    with pytest.raises(SpecError) as caught:
        function(*arguments)
    message = str(caught.value)
    assert message.isprintable()
    return message


def test_the_example_of_the_design():
    sweep = sweep_from_text(EXAMPLE)
    labels = {
        "architecture": [configuration.architecture_label for configuration in sweep.configurations()],
        "regularizer": [configuration.regularizer_label for configuration in sweep.configurations()],
    }
    assert (sweep.name, sweep.seed, sweep.repeats, sweep.data.source, sweep.data.validation) == (
        ("digits", 0, 3, "digits", 0.3)
    )
    assert len(sweep.configurations()) == 3 * 4 * 4 * 3
    assert list(dict.fromkeys(labels["architecture"])) == ["16", "64-32", "none"]
    assert list(dict.fromkeys(labels["regularizer"])) == [
        "none",
        "l2:weight=0.0001",
        "l2:weight=0.001",
        "l1:weight=0.0001+dropout:ratio=0.2",
    ]
    assert [layers_label(layers) for layers in sweep.axes["activation"]] == [
        "relu",
        "prelu:beta=0.01",
        "prelu:beta=0.05",
        "prelu:beta=0.2",
    ]


@given(WRITTEN_SWEEPS)
def test_a_file_and_flags_that_ask_for_the_same_are_equal(written):
    from_file = sweep_from_text(as_yaml(written), "sweep.yaml")
    from_flags = sweep_from_flags(as_flags(written))
    assert from_file == from_flags
    assert Sweep.from_canonical(json.loads(json.dumps(from_file.canonical(), allow_nan=False))) == from_file


@st.composite
def edited(draw):
    """The example after a few random insertions, deletions and copies."""
    text = EXAMPLE
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(start + 12, len(text))))
        pieces = st.sampled_from(
            [*"[]{}:,-&*!|>'\"%@#?\n\t ", "none", "null", ".nan", "true", "1e999", "&a ", "*a", "!!set "]
        )
        text = (
            text[:start]
            + draw(st.one_of(st.just(""), pieces, st.text(max_size=3), st.just(text[start:end] * 2)))
            + text[end:]
        )
    return text


@given(edited())
def test_whatever_stands_in_a_file_gives_a_sweep_or_one_line(text):
    try:
        sweep_from_text(text, "fuzz.yaml")
    except SpecError as error:
        assert str(error).isprintable() and str(error).startswith("fuzz.yaml:")


@given(
    st.text(alphabet="adm:rate=,+/-.0123456789enl1_ \n\x00é", max_size=30),
    st.sampled_from(["hidden", "activation", "regularizer", "optimizer", "schedule"]),
)
def test_whatever_stands_in_a_flag_gives_a_sweep_or_one_line(text, flag):
    try:
        sweep_from_flags(Flags(data="digits", **{flag: [text]}))
    except SpecError as error:
        assert str(error).isprintable() and str(error).startswith(f"--{flag}")


def test_flags_replace_what_the_file_says(tmp_path):
    file = tmp_path / "sweep.yaml"
    file.write_text(EXAMPLE)
    flags = Flags(file=str(file), name="other", optimizer=["momentum"], epochs=5, data="sine:noise=0.5", seed="7")
    sweep = sweep_from_flags(flags)
    assert (sweep.name, sweep.seed, sweep.axes["epochs"], sweep.data.validation) == ("other", 7, (5,), 0.3)
    assert (sweep.data.source, sweep.data.options["noise"]) == ("sine", 0.5)
    assert [choice.name for choice in sweep.axes["optimizer"]] == ["momentum"]
    assert len(sweep.axes["activation"]) == 4


def test_a_named_data_set_replaces_the_target_of_the_file_too():
    text = "data: {source: t.csv, target: price, validation: 0.2}"
    assert sweep_from_text(text, flags=Flags(data="digits")).data.target == ()
    assert sweep_from_text(text, flags=Flags(data="other.csv")).data.target == ("price",)
    assert sweep_from_text(text, flags=Flags(data="other.csv")).data.validation == 0.2


def test_a_flag_replaces_an_axis_by_one_value():
    text = "data: digits\naxes: {epochs: [1, 2], batch_size: [8, 16]}"
    sweep = sweep_from_text(text, flags=Flags(epochs=9))
    assert (sweep.axes["epochs"], sweep.axes["batch_size"]) == ((9,), (8, 16))


def test_a_wrong_flag_beside_a_file_is_told_as_a_flag():
    message = message_of(sweep_from_text, EXAMPLE, "sweep.yaml", Flags(optimizer=["adam", "adamm"]))
    assert message.startswith("--optimizer adamm: there is no optimizer 'adamm'; did you mean 'adam'?")


def test_a_mistake_of_the_file_beside_flags_is_told_as_one_of_the_file():
    message = message_of(sweep_from_text, "data: digits\naxes: 5", "sweep.yaml", Flags(optimizer=["adam"]))
    assert message.startswith("sweep.yaml:2:1: axes: must be a mapping of settings")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (Flags(), "a sweep file or --data must be given"),
        (Flags(data="digit"), "--data digit: there is no data set 'digit'; did you mean 'digits'?"),
        (Flags(data="sinee:noise=0.1"), "--data sinee:noise=0.1: there is no data set 'sinee'; did you mean 'sine'?"),
        (Flags(data="sine:noise=-1"), "--data sine:noise=-1: sine.noise: must be a number, at least 0"),
        (Flags(data="digits", hidden=["64,32"]), "--hidden 64,32: must be hidden layers such as 64-32"),
        (
            Flags(data="digits", optimizer=["adam:rate=-1"]),
            "--optimizer adam:rate=-1: adam.rate: must be a number, above 0",
        ),
        (Flags(data="digits", epochs="many"), "--epochs many: must be a whole number"),
        (Flags(data="digits", seed=-1), "--seed -1: must be a whole number, at least 0"),
        (Flags(data="digits", batch_size=0), "--batch-size 0: must be a whole number, at least 1"),
        (Flags(data="digits", name="7"), "--name 7: must be 1 to 64 letters"),
        (
            Flags(data="digits", activation=["relu", "relu/silk"]),
            "--activation relu/silk: there is no activation 'silk'; did you mean 'silu'?",
        ),
        (Flags(data="digits", activation=["relu/"]), "--activation relu/: there is no activation ''"),
        (
            Flags(data="digits", activation=["tanh:learn=beta"]),
            "--activation tanh:learn=beta: tanh.learn: there is no setting 'learn' here",
        ),
        (
            Flags(data="digits", activation=["elu:learn=gamma"]),
            "--activation elu:learn=gamma: elu.learn: must be one of nothing, beta, but is 'gamma'",
        ),
        (
            Flags(data="digits", schedule=["cosine", "cosin"]),
            "--schedule cosin: there is no schedule 'cosin'; did you mean 'cosine'?",
        ),
        (
            Flags(data="digits", schedule=["step:every=0"]),
            "--schedule step:every=0: step.every: must be a whole number, at least 1",
        ),
        (
            Flags(data="digits", stopping="no_improvment"),
            "--stopping no_improvment: there is no stopping rule 'no_improvment'; did you mean 'no_improvement'?",
        ),
        (
            Flags(data="digits", outputs="interval"),
            "--outputs interval: there is no kind of outputs 'interval'; did you mean 'intervals'?",
        ),
        (Flags(data="digits", measure="0"), "--measure 0: must be a whole number, at least 1"),
        (Flags(data="digits", measure="some"), "--measure some: must be a whole number, at least 1"),
        (Flags(data="digits", record="some"), "--record some: must be all, every=N or epochs=log, but is 'some'"),
        (Flags(data="digits", record="every=0"), "--record every=0: every: must be a whole number, at least 1"),
        (Flags(data="digits", keep="maybe"), "--keep maybe: must be one of none, last, best, state, but is 'maybe'"),
    ],
)
def test_wrong_flags(flags, message):
    assert message_of(sweep_from_flags, flags).startswith(message)


def test_columns_of_one_target_flag_are_split_at_commas():
    assert sweep_from_flags(Flags(data="t.csv", target=["a,b", "c"])).data.target == ("a", "b", "c")


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        (Flags(data="digits"), "digits"),
        (Flags(data="sine:noise=0.2"), "sine"),
        (Flags(data="some folder/my data.csv"), "my-data"),
        (Flags(data="2024.csv"), "sweep-2024"),
        (Flags(data="x" * 80 + ".csv"), "x" * 64),
    ],
)
def test_the_default_name_is_that_of_the_source(flags, name):
    assert sweep_from_flags(flags).name == name


def test_a_path_counts_from_the_folder_of_the_file(tmp_path):
    file = tmp_path / "wine.yaml"
    for text in ("data: tables/wine.csv", "data: {source: tables/wine.csv}"):
        file.write_text(text)
        sweep = sweep_from_file(file)
        assert (sweep.name, sweep.data.source) == ("wine", str(tmp_path / "tables" / "wine.csv"))
    file.write_text(f"data: {tmp_path}/other.csv")
    assert sweep_from_file(file).data.source == f"{tmp_path}/other.csv"


def test_a_file_with_a_byte_order_mark(tmp_path):
    file = tmp_path / "sweep.yaml"
    file.write_bytes(b"\xef\xbb\xbfdata: digits\n")
    assert sweep_from_file(file).data.source == "digits"


def test_files_that_cannot_be_read(tmp_path):
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (256 * 1024 + 1))
    assert "the file is larger than 262,144 bytes" in message_of(sweep_from_file, large)
    assert "there is no such file" in message_of(sweep_from_file, tmp_path / "missing.yaml")
    assert "this is a folder" in message_of(sweep_from_file, tmp_path)
    assert "cannot be read" in message_of(sweep_from_file, "null\0character.yaml")
    assert "cannot be read" in message_of(sweep_from_file, large / "inside.yaml")


def test_brackets_without_end_are_refused():
    assert "nested deeper" in message_of(sweep_from_text, "[" * 50_000)


def test_a_huge_grid_is_refused_at_once():
    values = str(list(range(1, 1001)))
    optimizer = f"{{adam: {{rate: {values}, epsilon: {values}}}}}"
    text = f"data: digits\naxes: {{epochs: {values}, batch_size: {values}, optimizer: {optimizer}}}"
    started = time.process_time()
    message = message_of(sweep_from_text, text)
    assert "1,000,000,000,000 (epochs 1,000 x batch_size 1,000 x optimizer 1,000,000)" in message
    assert time.process_time() - started < 1


def test_importing_stays_quick_and_reads_no_yaml():
    code = (
        "import sys, fitgap.runner.spec; "
        "print([name for name in ('ruamel.yaml', 'pydantic', 'ray', 'polars', 'sqlalchemy') if name in sys.modules])"
    )
    root = Path(__file__).parents[3]
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env=dict(os.environ, PYTHONPATH=str(root)),
        capture_output=True,
        text=True,
    )
    assert (result.stdout.strip(), result.stderr) == ("[]", "")


def test_flags_for_what_is_kept_measured_and_read():
    flags = Flags(
        data="digits", keep="best", measure="100", record="every=5", outputs="unrecognized:share=0.2", stopping="none"
    )
    training = sweep_from_flags(flags).training
    assert training.record.every == 5
    assert (training.keep, training.measure, training.outputs.label) == ("best", 100, "unrecognized:share=0.2")
    assert sweep_from_flags(flags).axes["stopping"] == ((),)


def test_repeated_schedules_are_alternatives_and_replace_what_the_file_says():
    file = "data: digits\ntraining: {schedule: step, stopping: no_improvement}\naxes: {epochs: [1, 2]}"
    flags = Flags(schedule=["constant", "cosine:warm_up=5"], stopping="no_improvement+acceptable_error:error=0.1")
    sweep = sweep_from_text(file, flags=flags)
    assert [choice.label for choice in sweep.axes["schedule"]] == ["constant", "cosine:warm_up=5"]
    ((first, second),) = sweep.axes["stopping"]
    assert (first.label, second.label) == ("acceptable_error:error=0.1", "no_improvement:epochs=10")
    file = "data: digits\naxes: {stopping: [none, no_improvement], output_activation: [identity, tanh]}"
    sweep = sweep_from_text(file, flags=Flags(stopping="none", output_activation="sigmoid"))
    assert (sweep.axes["stopping"], len(sweep.axes["output_activation"])) == (((),), 1)
