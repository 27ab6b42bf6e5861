"""Nearly all data files in five packages can be trained on, unmodified and with the last column as target."""

import pytest
from support.data.corpus import PACKAGES, corpus_files, tried

LEAST_SHARE = 0.95
LEAST_FILES = 1000
# Why a file may be refused. Every refusal was reviewed and found correct.
RIGHT_REASONS = (
    "has only 1 row",
    "has no rows",
    "no input column is left; ignored",
    "so most occur once and cannot be learned",
    "has only one class",
    "so there is nothing to learn",
    "has no values, so no example is left",
    "this JSON is not a table",
    "no sheet holds a table",
    "columns, but may have at most",
    # A table that starts below its title, and tables with damaged lines.
    "every line needs",
    "all lines need",
)


@pytest.mark.nightly
def test_nearly_all_files_of_other_people_train(tmp_path):
    """None of them may raise anything but a DataError. The packages are those of the extra `corpus`."""
    files = corpus_files(tmp_path)
    assert len(files) >= LEAST_FILES, f"install the extra `corpus`: {', '.join(PACKAGES)}"
    refused = {}
    for path in files:
        outcome = tried(path)
        if not outcome.trained:
            refused[f"{path.parts[-2]}/{path.name}"] = outcome.message
    assert {name: why for name, why in refused.items() if not any(reason in why for reason in RIGHT_REASONS)} == {}
    assert len(refused) <= (1 - LEAST_SHARE) * len(files), refused
