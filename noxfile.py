"""Tasks such as `nox -s test` or `lint`; `nox --list` shows all of them. Needs `pip install nox uv`."""

import nox

nox.options.default_venv_backend = "uv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "test", "docs"]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
LINT = ("tests/test_style.py", "tests/test_imports.py")


@nox.session
def test(session: nox.Session) -> None:
    """Everything that runs with every commit, as the README's test command does."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-q", "-n", "3", *session.posargs)


@nox.session
def nightly(session: nox.Session) -> None:
    """The long tests; `nox -s nightly -- FILE` runs one file and prints its figures."""
    session.install("-e", ".[test,corpus,cluster]")
    session.run("python", "-m", "pytest", "-m", "nightly", "-s", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Formatting, lint, types and import rules."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-q", "-m", "nightly or not nightly", *LINT)


@nox.session
def docs(session: nox.Session) -> None:
    """Write the generated pages and build the site into site/."""
    session.install("-e", ".[docs]")
    session.run("python", "-m", "docs.generate")
    session.run("python", "-m", "mkdocs", "build", "--strict", env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session
def pictures(session: nox.Session) -> None:
    """Train the sweeps of the documentation; write its pictures and the answers of studies. Takes some minutes."""
    session.install("-e", ".[docs]")
    session.run("python", "-m", "docs.pictures")


@nox.session
def bench(session: nox.Session) -> None:
    """A benchmark: `nox -s bench -- core`."""
    session.install("-e", ".[bench]")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session(python=PYTHONS)
def versions(session: nox.Session) -> None:
    """The tests with the newest dependencies, on every supported Python that is installed."""
    session.install("--upgrade", "-e", ".[test]")
    session.run("python", "-m", "pytest", "-q", "-n", "3", *session.posargs)


@nox.session(python=PYTHONS[0])
def oldest(session: nox.Session) -> None:
    """The tests with the oldest allowed version of every dependency; tools for testing stay new."""
    session.install("-e", ".[test]")
    session.install("--upgrade", "--resolution", "lowest-direct", "-e", ".")
    # The newest indirect dependencies deprecate features that these old releases use.
    warnings = ("-W", "ignore::DeprecationWarning")
    session.run("python", "-m", "pytest", "-q", "-n", "3", *warnings, *session.posargs)
