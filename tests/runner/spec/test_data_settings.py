import json

import pytest
from fitgap.runner.data import MISSING, TARGET_KINDS, TEXT
from fitgap.runner.data.treatment import DateColumn, Treatment
from fitgap.runner.errors import SpecError
from fitgap.runner.spec.data_settings import DataSettings, as_stored
from fitgap.runner.spec.data_source import is_path
from fitgap.runner.spec.split_settings import Folds
from fitgap.runner.spec.validation import SpecNode
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("digits", False),
        ("digitz", False),
        ("table.csv", True),
        ("folder/digits", True),
        ("sine:noise=0.2", False),
        ("sinee:noise=0.2", False),
        ("a:b=c/table.csv", True),
    ],
)
def test_is_path(source, expected):
    assert is_path(source) is expected


def test_what_is_written_reads_back():
    written = {"source": {"sine": {"noise": 0.5}}, "target": "y", "validation": "same", "preprocess": "none"}
    settings = DataSettings.read(SpecNode(written))
    assert (settings.source, settings.options["noise"], settings.target) == ("sine", 0.5, ("y",))
    assert (settings.validation, settings.preprocess, settings.target_scaling) == ("same", "none", None)
    assert (settings.missing, settings.text, settings.stratified, settings.folds) == (None, None, True, 0)
    assert DataSettings.read(SpecNode(settings.canonical())) == settings


VALIDATIONS = st.one_of(
    st.floats(0.01, 0.99),
    st.integers(1, 1000),
    st.just("same"),
    st.integers(2, 1000).map(lambda count: {"folds": count}),
    st.integers(2, 1000).map(lambda count: f"{count}-fold"),
)
NAMES = st.one_of(st.just("a_*"), st.lists(st.sampled_from(["price", "a b"]), min_size=1, max_size=2))
WRITTEN = st.fixed_dictionaries(
    {"source": st.sampled_from(["digits", "sine:noise=0.2", "data/table.csv", "majority"])},
    optional={
        "target": st.lists(st.sampled_from(["price", "a b"]), min_size=1, max_size=2),
        "validation": VALIDATIONS,
        "stratified": st.booleans(),
        "missing": st.sampled_from(MISSING),
        "text": st.sampled_from(TEXT),
        "strict": st.booleans(),
        "inputs": NAMES,
        "ignore": NAMES,
        "categorical": NAMES,
        "dates": st.one_of(NAMES, st.just({"day": "%d.%m.%Y", "other": None}), st.just("day=%d.%m.%Y")),
        "target_kind": st.sampled_from(TARGET_KINDS),
        "separator": st.sampled_from([";", "tab", "blanks", "|"]),
        "decimal": st.sampled_from([".", ","]),
        "encoding": st.sampled_from(["utf-8", "cp1252"]),
        "missing_values": st.lists(st.sampled_from(["NA", -999, ""]), max_size=2),
        "treatment": st.just(
            Treatment(ignored={"a": "empty"}, dates={"d": DateColumn(None, 0.5, ("year",))}).as_json()
        ),
    },
)


@given(WRITTEN)
def test_canonical_form_reads_back_through_json(written):
    settings = DataSettings.read(SpecNode(written))
    assert DataSettings.read(SpecNode(json.loads(json.dumps(settings.canonical())))) == settings


@pytest.mark.parametrize("written", [{"folds": 5}, {"folds": 5.0}, "5-fold"])
def test_folds(written):
    settings = DataSettings.read(SpecNode({"source": "digits", "validation": written}))
    assert (settings.validation, settings.folds) == (Folds(5), 5)
    assert settings.canonical()["validation"] == {"folds": 5}


@pytest.mark.parametrize(
    ("written", "pattern", "path"),
    [
        ({"folds": 1}, "must be a whole number, at least 2, at most 1000, but is 1", ("validation", "folds")),
        ({"folds": 1001}, "must be a whole number, at least 2, at most 1000", ("validation", "folds")),
        ({"folds": "many"}, "must be a whole number", ("validation", "folds")),
        ({"folds": True}, "must be a whole number", ("validation", "folds")),
        ({"folds": None}, "folds must be given", ("validation",)),
        ({"fold": 5}, "there is no setting 'fold' here; did you mean 'folds'", ("validation", "fold")),
        ({"folds": 5, "share": 0.3}, "there is no setting 'share' here", ("validation", "share")),
        ("1-fold", "must be at least 2-fold, at most 1000-fold, but is '1-fold'", ("validation",)),
        ("5-folds", "must be a share above 0 and below 1, .*5-fold", ("validation",)),
        ("-5-fold", "must be a share above 0 and below 1", ("validation",)),
    ],
)
def test_wrong_folds(written, pattern, path):
    with pytest.raises(SpecError, match=pattern) as caught:
        DataSettings.read(SpecNode({"source": "digits", "validation": written}))
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("key", "value", "pattern"),
    [
        ("missing", "skip", "must be one of refuse, drop, drop_any, mean, median, but is 'skip'"),
        ("missing", 0, "must be one of refuse, drop, drop_any, mean, median, but is 0"),
        ("text", "onehot", "must be one of refuse, one_hot, but is 'onehot'"),
        ("text", ["one_hot"], "must be one of refuse, one_hot, but is a list"),
        ("stratified", "yes", "must be true or false, but is 'yes'"),
        ("stratified", 1, "must be true or false, but is 1"),
    ],
)
def test_wrong_words(key, value, pattern):
    with pytest.raises(SpecError, match=pattern) as caught:
        DataSettings.read(SpecNode({"source": "digits", key: value}, ("data",)))
    assert caught.value.path == ("data", key)


def test_a_sweep_that_was_stored_without_a_treatment_is_strict():
    old = {"source": "a.csv", "target": ["y"], "validation": None, "missing": "mean", "text": "one_hot"}
    settings = DataSettings.read(SpecNode(as_stored(old)))
    assert settings.strict and settings.treatment == Treatment(rules=1, strict=True, missing="mean")
    assert as_stored(settings.canonical()) == settings.canonical()


@pytest.mark.parametrize(
    ("key", "value", "pattern"),
    [
        ("separator", "x", "must be one of comma, semicolon, tab, bar, blanks, or the character itself"),
        ("decimal", ";", "must be one of"),
        ("missing_values", [True], "must be words for missing values"),
        ("treatment", {"rules": 2}, "must be what fitgap has stored"),
        ("treatment", 5, "must be what fitgap has stored"),
        ("target_kind", "class", "must be one of classes, numbers"),
        ("inputs", [5], "must be text"),
        ("dates", {"day": 5}, "must be text"),
    ],
)
def test_wrong_choices_for_files(key, value, pattern):
    with pytest.raises(SpecError, match=pattern):
        DataSettings.read(SpecNode({"source": "a.csv", key: value}, ("data",)))


@pytest.mark.parametrize("validation", [0.5, 1, 200, "same"])
def test_validation(validation):
    read = DataSettings.read(SpecNode({"source": "digits", "validation": validation})).validation
    assert read == validation and type(read) is type(validation)


@pytest.mark.parametrize("validation", [0, 1.0, 0.0, -1, -0.5, True, "some", float("nan"), [0.3], {}])
def test_wrong_validation(validation):
    with pytest.raises(SpecError, match="must be a share above 0 and below 1") as caught:
        DataSettings.read(SpecNode({"source": "digits", "validation": validation}, ("data",)))
    assert caught.value.path == ("data", "validation")


@pytest.mark.parametrize("source", [5, ["digits"], {}, {"digits": {}, "iris": {}}, {"sine": {"examples": 1.5}}, ""])
def test_wrong_sources(source):
    with pytest.raises(SpecError):
        DataSettings.read(SpecNode({"source": source}))
