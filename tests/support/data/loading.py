"""Loading of data from bytes, by the strict rules or by those that make the best of a file."""

from fitgap.runner.data.file_datasets import load_table
from fitgap.runner.data.formats.content import kind_of, unpacked
from fitgap.runner.data.handling import Handling
from fitgap.runner.data.treatment import FileChoices

PLAIN, FREE = Handling(), FileChoices()


def load_strictly(source, content, target, handling=PLAIN):
    """The data set in a file of any format that is read by the strict rules."""
    choices = FileChoices(strict=True, missing=handling.missing, text=handling.text)
    return load_freely(source, content, target, choices).dataset


def load_freely(source, content, target=("y",), choices=FREE, stored=None):
    """What loading a file gives."""
    content = unpacked(source, content)
    return load_table(source, content, kind_of(source, content), target, choices, stored)
