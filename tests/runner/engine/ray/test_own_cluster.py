"""Our own Ray cluster starts on machines where Ray by itself could not."""

from fitgap.runner.engine.cluster.ray_environment import own_environment
from fitgap.runner.engine.ray.own_cluster import object_folder


def test_without_shared_memory_objects_are_kept_in_its_own_folder(tmp_path):
    assert object_folder("/own", str(tmp_path)) is None
    assert object_folder("/own", str(tmp_path / "missing")) == "/own"


def test_variables_of_python_that_keep_ray_from_starting_are_left_out():
    environment = own_environment({"PYTHONOPTIMIZE": "2", "PATH": "/bin"})
    assert "PYTHONOPTIMIZE" not in environment and environment["PATH"] == "/bin"
