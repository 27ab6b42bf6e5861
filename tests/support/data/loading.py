"""Loading data from bytes, either strictly or leniently."""

import json

import numpy as np
from fitgap.runner.data.file_datasets import load_table
from fitgap.runner.data.formats.content import kind_of, unpacked
from fitgap.runner.data.handling import Handling
from fitgap.runner.data.treatment import FileChoices, Treatment

PLAIN, FREE = Handling(), FileChoices()


def load_strictly(source, content, target, handling=PLAIN):
    """The data set in a file of any format, loaded strictly."""
    choices = FileChoices(strict=True, missing=handling.missing, text=handling.text)
    return load_freely(source, content, target, choices).dataset


def load_freely(source, content, target=("y",), choices=FREE, stored=None):
    """The result of loading a file leniently."""
    content = unpacked(source, content)
    return load_table(source, content, kind_of(source, content), target, choices, stored)


def loaded(text, **choices):
    """The result of loading a CSV file with the target y."""
    content = text if isinstance(text, bytes) else text.encode()
    return load_freely("a.csv", content, choices=FileChoices(**choices))


def again(content, first):
    """The same file, loaded with the stored treatment."""
    stored = Treatment.from_json(json.loads(json.dumps(first.treatment.as_json())))
    return load_freely("a.csv", content if isinstance(content, bytes) else content.encode(), stored=stored)


def same_data(one, other):
    """Whether two data sets have the same examples and names."""
    return (
        np.array_equal(one.inputs, other.inputs, equal_nan=True)
        and np.array_equal(one.targets, other.targets)
        and one.input_names == other.input_names
        and one.class_names == other.class_names
    )
