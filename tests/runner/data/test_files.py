"""Tests of what all data files have in common: how they are recognized, found and read."""

import pytest
from fitgap.runner.data import SourceDefaults, default_reading, is_file, load_dataset, source_defaults
from fitgap.runner.errors import DataError


@pytest.mark.parametrize("source", ["a.csv", "A.CSV", "folder/a", "/a", "digits.csv", "a.txt", "./digits"])
def test_paths_are_files(source):
    assert is_file(source)


@pytest.mark.parametrize("source", ["digits", "xor", "unknown", ""])
def test_words_are_not_files(source):
    assert not is_file(source)


def test_files_have_defaults():
    assert source_defaults("any.csv") == SourceDefaults("standard", 0.3)


@pytest.mark.parametrize(("target", "reading"), [("y", "numbers"), ("kind", "one_per_class")])
def test_the_reading_of_a_file_is_that_of_its_target(tmp_path, target, reading):
    path = tmp_path / "table.csv"
    path.write_text("x,y,kind\n1,0.5,a\n2,1.5,b\n")
    dataset = load_dataset(str(path), target=[target], text="one_hot")
    assert default_reading(str(path), dataset) == reading


def test_suffix_may_be_in_capitals(tmp_path):
    path = tmp_path / "TABLE.CSV"
    path.write_text("x,y\n1,0.5\n2,1.5\n")
    dataset = load_dataset(str(path), target=["y"])
    assert dataset.name == str(path)
    assert dataset.inputs.tolist() == [[1.0], [2.0]]


def test_a_missing_file_is_named_as_written():
    with pytest.raises(DataError, match=r"^\./nowhere/a\.csv: there is no such file"):
        load_dataset("./nowhere/a.csv", target=["y"])


def test_a_directory_is_no_file(tmp_path):
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    with pytest.raises(DataError, match="this is a folder"):
        load_dataset(str(folder), target=["y"])


@pytest.mark.parametrize("source", ["a\0.csv", "a" * 5000 + ".csv", "a\nb.csv"])
def test_impossible_paths_are_explained_in_one_line(source):
    with pytest.raises(DataError) as caught:
        load_dataset(source, target=["y"])
    assert str(caught.value).isprintable()


def test_a_file_that_cannot_be_opened(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("x,y\n1,2\n")

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    with pytest.raises(DataError, match="cannot be read: Permission denied"):
        load_dataset(str(path), target=["y"])


def test_files_take_no_options():
    with pytest.raises(DataError, match=r"^a\.csv: a file takes no options, but 'noise' was given"):
        load_dataset("a.csv", options={"noise": 1}, target=["y"])
