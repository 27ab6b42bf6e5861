"""For any flags, `fitgap run` prints a plan, or one line with exit code 2; nothing is written.

For a mistake in the filter of `--only`, two further lines show where it is.
"""

from fitgap.runner.spec.flags import WRITTEN_AS
from hypothesis import given
from hypothesis import strategies as st
from support.spec.broken_sweeps import RAW, WORDS, cut_and_mended

ONCE = [flag for flag, _ in WRITTEN_AS.values() if flag not in ("--data", "--stratified")]
RIGHT = [
    *("64-32", "none", "relu", "prelu:beta=0.05", "relu+silu", "relu/tanh", "silu:learn=beta", "l2:weight=1e-3"),
    *("l1:weight=0.1+dropout:ratio=0.2", "adam:rate=1e-3,beta1=0.9", "cosine", "no_improvement:epochs=10", "he_normal"),
    *("0.3", "same", "5-fold", "minmax", "standard", "mean", "one_hot", "3", "float64", "best", "one_per_class", "all"),
]
DATA = [
    "iris",
    "digits",
    "sine:noise=0.2,examples=20",
    "majority:inputs=3",
    "table.csv",
    "folder/table.parquet",
    "a.npz",
]
# What a shell can pass: anything but the null character; bytes that are not UTF-8 arrive as lone surrogates.
SHELL = st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.characters(
    min_codepoint=0xDC80, max_codepoint=0xDCFF, categories=["Cs"]
)
TEXTS = st.one_of(
    cut_and_mended(
        st.sampled_from(RIGHT), st.one_of(st.sampled_from([*"+:=,/-. \t\n"]), WORDS, st.text(SHELL, max_size=3))
    ),
    st.sampled_from([*RIGHT, *RAW, "", " ", "-", "--", "=", "9" * 400, "x" * 5000, "\x1b[31m", "1e400", "nan", "inf"]),
    st.integers().map(str),
    st.floats().map(str),
    st.text(SHELL, max_size=20),
).map(lambda text: "".join(letter for letter in text if letter != "\0" and not 0xD800 <= ord(letter) < 0xDC80))
FLAGS = st.lists(st.tuples(st.sampled_from(ONCE), TEXTS), min_size=1, max_size=3)
SOURCES = st.one_of(st.sampled_from(DATA), st.just("iris"), cut_and_mended(st.sampled_from(DATA), TEXTS), TEXTS)


@given(source=SOURCES, flags=FLAGS)
def test_any_flags_make_a_plan_or_one_line(source, flags, invoke, own_folder):
    answer = invoke("run", f"--data={source}", *(f"{flag}={text}" for flag, text in flags), "--dry-run")
    if answer.code == 0:
        assert " = " in answer.out and not answer.err
    else:
        assert (answer.code, answer.out) == (2, "")
        message, *excerpt = answer.err.removesuffix("\n").split("\n")
        assert message.startswith("fitgap: filter: " if excerpt else "fitgap: ")
        assert len(excerpt) in (0, 2) and all(map(str.isprintable, [message, *excerpt])) and len(answer.err) < 1000
        assert not excerpt or ("--only" in dict(flags) and set(excerpt[1].strip()) == {"^"})
    assert list(own_folder.iterdir()) == []
