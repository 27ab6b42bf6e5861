"""Model files: a file that is not a model is refused in one line, and a model needs nothing else."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from fitgap.runner.data import load_dataset
from fitgap.runner.errors import ModelError
from fitgap.runner.models.model_files import load_model, save_model
from fitgap.runner.models.predictions import predictions
from fitgap.runner.models.trial_models import model_of_trial
from support.models.plain_networks import read_file

# These tests share slow fixtures, so they run in one worker.
pytestmark = pytest.mark.xdist_group("models")


def rewritten(path, **changes):
    """Rewrite the model file with some of its arrays replaced, or left out if None."""
    arrays, _ = read_file(path)
    arrays = {name: array for name, array in {**arrays, **changes}.items() if array is not None}
    with path.open("wb") as file:
        np.savez(file, **arrays)


def redescribed(path, **changes):
    """Rewrite the model file with some entries of its description replaced."""
    _, told = read_file(path)
    rewritten(path, description=np.array(json.dumps({**told, **changes})))


def flipped(content):
    """The content with one bit of the first weights changed."""
    place = content.index(b"weights_1.npy") + 160
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


class Harm:
    """Unpickling it creates a file."""

    def __reduce__(self):
        return (Path.touch, (Path("harmed"),))


BROKEN = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("no model\n"),
    "array": lambda path: path.write_bytes(b"\x93NUMPY\x01\x00" + path.read_bytes()),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-200]),
    "flipped": lambda path: path.write_bytes(flipped(path.read_bytes())),
    "noise": lambda path: path.write_bytes(path.read_bytes()[:300] + bytes(300) + path.read_bytes()[600:]),
    "no description": lambda path: rewritten(path, description=None),
    "no weights": lambda path: rewritten(path, weights_2=None),
    "wrong shape": lambda path: rewritten(path, weights_2=np.zeros((3, 2), np.float32)),
    "wrong shift": lambda path: rewritten(path, input_shift=np.zeros(17)),
    "words": lambda path: rewritten(path, weights_1=np.array(["a"])),
    "pickled": lambda path: rewritten(path, weights_1=np.array([Harm()])),
    "pickled description": lambda path: rewritten(path, description=np.array(Harm())),
    "no json": lambda path: rewritten(path, description=np.array("{")),
    "list": lambda path: rewritten(path, description=np.array("[1]")),
    "deep": lambda path: rewritten(path, description=np.array("[" * 100_000)),
    "unknown function": lambda path: redescribed(path, layers=[[{"name": "gelu", "from": 0, "to": 4}]]),
    "unknown reading": lambda path: redescribed(path, reading={"name": "tea_leaves"}),
    "unknown loss": lambda path: redescribed(path, loss="hinge"),
    "text columns": lambda path: redescribed(path, text_columns=["town"]),
    "too few inputs": lambda path: redescribed(path, input_names=["size", "rooms"]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_model_file_is_told_in_one_line(name, trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("model.npz")
    save_model(model_of_trial(trained("filled")[0], 1, at="best"), path)
    BROKEN[name](path)
    with pytest.raises(ModelError) as caught:
        load_model(path)
    assert re.fullmatch(r"model\.npz is not a fitgap model file or is damaged; name a trial, or .*", str(caught.value))
    assert not Path("harmed").exists()


def test_a_model_file_that_explodes_is_refused_before_it_is_read(tmp_path):
    np.savez_compressed(tmp_path / "model.npz", description=np.zeros(100_000_000, np.uint8))
    with pytest.raises(ModelError, match=r"not a fitgap model file: .*; name a trial, or write"):
        load_model(tmp_path / "model.npz")


def test_files_of_another_format(trained, tmp_path):
    path = tmp_path / "model.npz"
    save_model(model_of_trial(trained("filled")[0], 1, at="best"), path)
    redescribed(path, format="fitgap model 4")
    with pytest.raises(ModelError, match="has the format 'fitgap model 4', but this program reads 'fitgap model 3'"):
        load_model(path)


def test_paths_that_lead_nowhere(trained, tmp_path):
    with pytest.raises(ModelError, match=r"there is no file .*nothing\.npz; `fitgap export TRIAL -o"):
        load_model(tmp_path / "nothing.npz")
    with pytest.raises(ModelError, match="is not a fitgap model file: Is a directory; name a trial"):
        load_model(tmp_path)
    named = model_of_trial(trained("filled")[0], 1, at="best")
    with pytest.raises(ModelError, match="cannot be written: No such file or directory; check the path"):
        save_model(named, tmp_path / "missing" / "model.npz")
    with pytest.raises(ModelError, match="is a folder; name a file"):
        save_model(named, tmp_path)


def test_a_model_needs_nothing_but_its_file(trained, folder, tmp_path):
    # The model is read back without the database and the data.
    store, prepared = trained("intervals")
    named = model_of_trial(store, 1, at="best")
    save_model(named, tmp_path / "model.npz")
    loaded = load_model(tmp_path / "model.npz")
    assert (loaded.input_names, loaded.class_names) == (("a", "b", "c"), ("ant", "bee", "cat"))
    dataset = load_dataset(str(folder / "animals.csv"), target=["kind"])
    assert predictions(loaded, dataset.inputs) == predictions(named, prepared.dataset.inputs)


def test_a_pipe_is_no_model_file_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "model.npz")
    with pytest.raises(ModelError, match="is not a file; name a model file"):
        load_model(tmp_path / "model.npz")
