import pytest
from fitgap.runner.errors import SpecError
from fitgap.runner.spec.places import Places, path_text, visible

MARKS = {(): (1, 1), ("axes",): (2, 1), ("axes", "optimizer"): (3, 3)}


def told(places, path):
    with pytest.raises(SpecError) as caught, places.in_errors():
        raise SpecError("must be kind", path)
    assert caught.value.path == path
    return str(caught.value)


def test_the_smallest_marked_part_gives_the_position():
    places = Places("sweep.yaml", MARKS)
    assert told(places, ("axes", "optimizer", 1, "adam")) == "sweep.yaml:3:3: axes.optimizer[1].adam: must be kind"
    assert told(places, ("seed",)) == "sweep.yaml:1:1: seed: must be kind"
    assert told(places, ()) == "sweep.yaml:1:1: must be kind"


def test_a_flag_goes_before_the_file():
    places = Places("sweep.yaml", MARKS, {("axes", "optimizer", 0): "--optimizer adam:rate=-1"})
    assert told(places, ("axes", "optimizer", 0, "adam", "rate")) == "--optimizer adam:rate=-1: adam.rate: must be kind"


def test_without_marks_only_what_is_known_is_told():
    assert told(Places("sweep.yaml"), ()) == "sweep.yaml: must be kind"
    assert told(Places(), ("axes",)) == "axes: must be kind"


def test_text_of_others_is_made_visible_and_short():
    assert visible("a\nb\x1b[31m\u202ec\ud800é") == r"a\nb\x1b[31m\u202ec\ud800é"
    assert path_text(("axes", "x" * 100)) == "axes." + "x" * 59 + "…"
