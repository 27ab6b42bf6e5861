"""Settings of Python, Ray and NumPy, and a user's own modules with the names of others."""

from support.places.environments.environment import DONE_OR_NOT, RAY, Environment

NAMES = "core runner migrations numpy ray polars rich typer sqlalchemy"
OWN_MODULES = "".join(f'mkdir {name}; echo "raise SystemExit(77)" >{name}/__init__.py; ' for name in NAMES.split())
OWN_FILES = "for each in types io random select signal queue numpy core; do echo 'raise SystemExit(77)' >$each.py; done"
PROCESSES = ("run in processes",)

INTERPRETERS = (
    Environment("folders of one's own with known names", OWN_MODULES, sample=PROCESSES),
    Environment("files of one's own with known names", OWN_FILES, sample=PROCESSES),
    Environment("PYTHONSAFEPATH", "export PYTHONSAFEPATH=1", sample=("run in processes",)),
    Environment("PYTHONOPTIMIZE", "export PYTHONOPTIMIZE=2", sample=("run in processes",)),
    Environment("PYTHONWARNINGS", "export PYTHONWARNINGS=error", sample=PROCESSES),
    Environment("all warnings", "export PYTHONWARNINGS=always", sample=("run in processes",)),
    Environment("PYTHONDEVMODE", "export PYTHONDEVMODE=1", sample=("run in processes",)),
    Environment("PYTHONUNBUFFERED", "export PYTHONUNBUFFERED=1", sample=("run",)),
    Environment("PYTHONNOUSERSITE", "export PYTHONNOUSERSITE=1", sample=("run",)),
    Environment("PYTHONMALLOC", "export PYTHONMALLOC=malloc", sample=("run",)),
    Environment("OMP_NUM_THREADS is nonsense", "export OMP_NUM_THREADS=many OPENBLAS_NUM_THREADS=0", sample=("run",)),
    Environment("RAY_ADDRESS names nobody", "export RAY_ADDRESS=127.0.0.1:9", sample=("run in processes",)),
    Environment("RAY_TMPDIR does not exist", "export RAY_TMPDIR=/nonexistent/folder", codes={RAY: DONE_OR_NOT}),
    Environment("RAY_AUTH_MODE", "export RAY_AUTH_MODE=token RAY_AUTH_TOKEN=mine", codes={RAY: DONE_OR_NOT}),
    Environment("a debugger's variables", "export PYTHONBREAKPOINT=0 PYTHONFAULTHANDLER=1", sample=("run",)),
    Environment("a git of one's own in PATH", 'echo "touch git-ran" >git; chmod +x git; export PATH=".:$PATH"'),
    Environment(
        "a hostile repository",
        "git init -q . && git config core.fsmonitor 'touch fsmonitor-ran; false' && "
        "git config filter.x.clean 'touch filter-ran; cat' && echo '* filter=x' >.git/info/attributes",
        sample=("run", "db status"),
    ),
)
