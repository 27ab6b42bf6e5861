import pytest

from runner.errors import SpecError
from runner.spec.data_settings import DataSettings, is_path
from runner.spec.nodes import Node


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
    settings = DataSettings.read(Node(written))
    assert (settings.source, settings.options["noise"], settings.target) == ("sine", 0.5, ("y",))
    assert (settings.validation, settings.preprocess, settings.target_scaling) == ("same", "none", None)
    assert DataSettings.read(Node(settings.canonical())) == settings


@pytest.mark.parametrize("validation", [0.5, 1, 200, "same"])
def test_validation(validation):
    read = DataSettings.read(Node({"source": "digits", "validation": validation})).validation
    assert read == validation and type(read) is type(validation)


@pytest.mark.parametrize("validation", [0, 1.0, 0.0, -1, -0.5, True, "some", float("nan"), [0.3], {}])
def test_wrong_validation(validation):
    with pytest.raises(SpecError, match="must be a share above 0 and below 1") as caught:
        DataSettings.read(Node({"source": "digits", "validation": validation}, ("data",)))
    assert caught.value.path == ("data", "validation")


@pytest.mark.parametrize("source", [5, ["digits"], {}, {"digits": {}, "iris": {}}, {"sine": {"examples": 1.5}}, ""])
def test_wrong_sources(source):
    with pytest.raises(SpecError):
        DataSettings.read(Node({"source": source}))
