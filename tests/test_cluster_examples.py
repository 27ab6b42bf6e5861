"""The files in examples/cluster are valid for Ray, KubeRay and fitgap, use authentication, and expose nothing."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples" / "cluster"
COMMAND = Path(sys.executable).parent / "fitgap"
RAY_COMMANDS = ("head_start_ray_commands", "worker_start_ray_commands")
# The fields that a RayJob may use in KubeRay's resources, and those it must have (KubeRay 1.6, ray.io/v1).
FIELDS = {
    "RayJobSpec": {
        *("entrypoint", "submissionMode", "shutdownAfterJobFinishes", "ttlSecondsAfterFinished", "rayClusterSpec"),
        *("activeDeadlineSeconds", "backoffLimit", "runtimeEnvYAML", "suspend", "entrypointNumCpus"),
    },
    "RayClusterSpec": {"rayVersion", "authOptions", "headGroupSpec", "workerGroupSpecs", "enableInTreeAutoscaling"},
    "AuthOptions": {"mode", "secretName"},
    "HeadGroupSpec": {"serviceType", "rayStartParams", "template"},
    "WorkerGroupSpec": {"groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template"},
    "PodTemplateSpec": {"metadata", "spec"},
    "PodSpec": {"containers", "restartPolicy", "volumes"},
    "Container": {"name", "image", "env", "resources", "volumeMounts", "command", "args"},
}
REQUIRED = {
    "RayJobSpec": {"entrypoint", "rayClusterSpec"},
    "RayClusterSpec": {"headGroupSpec", "authOptions", "rayVersion"},
    "AuthOptions": {"mode"},
    "HeadGroupSpec": {"template"},
    "WorkerGroupSpec": {"groupName", "template", "minReplicas", "maxReplicas"},
    "PodTemplateSpec": {"spec"},
    "PodSpec": {"containers"},
    "Container": {"name", "image", "resources"},
}


def loaded(name):
    """The YAML documents in a file."""
    return list(YAML(typ="safe").load_all(FOLDER / name))


@pytest.fixture(scope="module")
def launcher():
    (config,) = loaded("launcher.yaml")
    return config


@pytest.fixture(scope="module")
def resources():
    """The resources in rayjob.yaml, by kind."""
    documents = loaded("rayjob.yaml")
    return {each["kind"]: each for each in documents}


@pytest.fixture(scope="module")
def cluster(resources):
    return resources["RayJob"]["spec"]["rayClusterSpec"]


def check_fields(kind, value):
    """Fail if a resource has an unknown field or lacks a required one."""
    assert set(value) <= FIELDS[kind], f"{kind}: {set(value) - FIELDS[kind]}"
    assert set(value) >= REQUIRED[kind], f"{kind}: {REQUIRED[kind] - set(value)}"


def check_pod(template):
    check_fields("PodTemplateSpec", template)
    check_fields("PodSpec", template["spec"])
    (container,) = template["spec"]["containers"]
    check_fields("Container", container)
    assert container["resources"]["requests"] == container["resources"]["limits"]
    return container


def ray_lines(launcher):
    """The commands that start Ray, each with its settings and arguments."""
    for name in RAY_COMMANDS:
        for line in launcher[name]:
            words = shlex.split(line)
            settings = dict(word.split("=", 1) for word in words if re.match(r"\w+=", word))
            program, *arguments = words[len(settings) :]
            assert program == "~/fitgap-venv/bin/ray"
            yield name, settings, arguments


def check_ray_arguments(arguments):
    """Parse arguments with Ray's own command line, without running anything."""
    from ray.scripts.scripts import cli

    command = cli.get_command(None, arguments[0])
    assert command is not None, arguments
    return command.make_context(arguments[0], arguments[1:]).params


def test_the_launcher_file_is_what_ray_reads(launcher):
    import ray.autoscaler

    schema = json.loads((Path(ray.autoscaler.__file__).parent / "ray-schema.json").read_text())
    jsonschema.validate(launcher, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**launcher, "workers": 3}, schema)


def test_ray_can_fill_in_the_rest_of_the_launcher_file(launcher):
    from ray.autoscaler._private.util import prepare_config, validate_config

    prepared = prepare_config(launcher)
    validate_config(prepared)
    assert prepared["max_workers"] == len(launcher["provider"]["worker_ips"])


def test_every_node_of_the_launcher_file_has_authentication_and_no_dashboard(launcher):
    started = []
    for name, settings, arguments in ray_lines(launcher):
        read = check_ray_arguments(arguments)
        if arguments[0] == "start":
            first_autoscaler = {"RAY_enable_autoscaler_v2": "0"} if read["head"] else {}
            assert settings == {"RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0", **first_autoscaler}
            assert read["node_ip_address"] == (launcher["provider"]["head_ip"] if read["head"] else None)
            started.append((name, bool(read["head"]), read["include_dashboard"]))
    assert started == [(RAY_COMMANDS[0], True, False), (RAY_COMMANDS[1], False, None)]
    assert launcher["file_mounts"]["~/.ray/auth_token"] == "~/.ray/auth_token"


def test_ray_has_a_bare_name_on_every_machine_of_the_launcher_file(launcher, tmp_path):
    """`ray down` calls it by that name; otherwise, it would leave everything running."""
    (line,) = (line for line in launcher["setup_commands"] if ".bashrc" in line)
    program = tmp_path / "fitgap-venv" / "bin" / "ray"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    # The setup commands run again with every `ray up`.
    for _ in range(2):
        subprocess.run(["bash", "-c", line], env={**os.environ, "HOME": str(tmp_path)}, check=True)
    assert (tmp_path / ".bashrc").read_text().count("\n") == 1
    shell = ["bash", "-c", "source ~/.bashrc; command -v ray"]
    found = subprocess.run(shell, env={**os.environ, "HOME": str(tmp_path)}, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == str(program)


def test_the_rayjob_has_the_fields_that_kuberay_knows(resources, cluster):
    job = resources["RayJob"]
    assert job["apiVersion"] == "ray.io/v1"
    check_fields("RayJobSpec", job["spec"])
    check_fields("RayClusterSpec", cluster)
    check_fields("AuthOptions", cluster["authOptions"])
    check_fields("HeadGroupSpec", cluster["headGroupSpec"])
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        # All these values must be strings.
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())
        flags = [f"--{name}={value}" for name, value in group["rayStartParams"].items()]
        check_ray_arguments(["start", "--head", *flags])
        check_pod(group["template"])
    for group in cluster["workerGroupSpecs"]:
        check_fields("WorkerGroupSpec", group)
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    # The submitter runs next to the head, which must not restart without it.
    assert job["spec"]["submissionMode"] == "SidecarMode"
    assert cluster["headGroupSpec"]["template"]["spec"]["restartPolicy"] == "Never"


def test_the_rayjob_has_authentication_and_is_not_exposed(resources, cluster):
    assert cluster["authOptions"] == {"mode": "token", "secretName": "fitgap-ray"}
    assert set(resources) == {"ConfigMap", "NetworkPolicy", "RayJob"}
    assert cluster["headGroupSpec"]["serviceType"] == "ClusterIP"
    policy = resources["NetworkPolicy"]["spec"]
    chosen = policy["podSelector"]["matchLabels"]
    pods = [group["template"] for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"])]
    assert all(chosen.items() <= pod["metadata"]["labels"].items() for pod in pods)
    assert policy["policyTypes"] == ["Ingress"]
    assert all("podSelector" in source for rule in policy["ingress"] for source in rule["from"])


def test_the_driver_alone_knows_the_database_and_no_secret_is_written(cluster):
    head, *workers = (
        check_pod(group["template"]) for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"])
    )
    (secret,) = [each["valueFrom"] for each in head["env"] if each["name"] == "FITGAP_DB"]
    assert secret == {"secretKeyRef": {"name": "fitgap-db", "key": "address"}}
    assert all(each["name"] != "FITGAP_DB" for worker in workers for each in worker["env"])


def test_all_images_have_one_ray(cluster):
    (base,) = re.findall("^FROM rayproject/ray:([0-9.]+)-", (FOLDER / "Dockerfile").read_text(), re.MULTILINE)
    assert cluster["rayVersion"] == base
    groups = (cluster["headGroupSpec"], *cluster["workerGroupSpecs"])
    assert len({check_pod(group["template"])["image"] for group in groups}) == 1


def test_the_rayjob_runs_a_sweep_that_fitgap_reads(resources, cluster, tmp_path):
    """Its command and sweep are used unchanged, except for the folder and the address."""
    (mounted,) = cluster["headGroupSpec"]["template"]["spec"]["containers"][0]["volumeMounts"]
    assert cluster["headGroupSpec"]["template"]["spec"]["volumes"][0]["configMap"]["name"] == "fitgap-sweep"
    for name, text in resources["ConfigMap"]["data"].items():
        (tmp_path / name).write_text(text)
    program, *arguments = shlex.split(resources["RayJob"]["spec"]["entrypoint"])
    assert program == "fitgap" and arguments[-2:] == ["--address", "auto"]
    # With an address, a dry run would contact the cluster, and there is none here.
    here = [each.replace(mounted["mountPath"], str(tmp_path)) for each in arguments[:-2]]
    done = subprocess.run([COMMAND, *here, "--dry-run"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "24 trials" in done.stdout, done.stdout


def documented(program):
    """The commands of a program in docs/how-to/clusters.md, each as a list of words."""
    text = (ROOT / "docs" / "how-to" / "clusters.md").read_text().replace("\\\n", "")
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    # Comments are for readers.
    commands = [shlex.split(line, comments=True) for line in lines]
    return [words[1:] for words in commands if words and words[0] == program]


def test_ray_knows_every_command_of_the_document():
    commands = documented("ray")
    assert {words[0] for words in commands} == {"start", "get-auth-token", "job", "up", "exec", "down"}
    for words in commands:
        if words[0] != "job":
            check_ray_arguments([word for word in words if word not in (">", "/dev/null")])


def test_ray_starts_nothing_without_authentication_in_the_document():
    """Every `ray start` is in a block that sets the authentication mode."""
    blocks = re.findall(r"(?:^    .*\n)+", (ROOT / "docs" / "how-to" / "clusters.md").read_text(), re.MULTILINE)
    starting = [block for block in blocks if "ray start" in block]
    assert len(starting) == 3
    assert all("RAY_AUTH_MODE=token" in block for block in starting)


def test_fitgap_knows_every_command_of_the_document():
    import typer
    from fitgap.runner.cli.main import app

    commands = typer.main.get_command(app).commands
    jobs = [words[words.index("--") + 1 :] for words in documented("ray") if words[0] == "job"]
    sent = documented("fitgap") + [words[1:] for words in jobs]
    assert len(sent) >= 3
    for words in sent:
        # Raises an error if an option is unknown.
        read = commands[words[0]].make_context(words[0], words[1:]).params
        assert read["address"]
