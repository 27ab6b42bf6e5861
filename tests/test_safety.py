"""The program executes nothing that it reads: no text is evaluated, unpickled, passed to a shell or built into SQL."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("benchmarks", "core", "examples", "migrations", "runner")
MODULES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
PICKLING = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
RUNNING = {"eval", "exec", "compile", "__import__"}
SHELLS = {("os", "system"), ("os", "popen"), ("subprocess", "getoutput"), ("subprocess", "getstatusoutput")}
NUMPY = {("np", "load"), ("numpy", "load")}
# Functions whose first argument is SQL.
SQL = {"text", "exec_driver_sql", "execute", "executemany", "executescript", "DDL", "literal_column"}
# Functions that load formats which can create arbitrary objects.
LOADING = {"load", "load_all", "unsafe_load", "full_load", "loads"}


def complaints(tree):
    """Forbidden operations in a module, as (line, what)."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((node.lineno, f"imports {name}") for name in imported(node) if name in PICKLING)
        elif isinstance(node, ast.Call):
            yield from ((node.lineno, what) for what in wrong_call(node))


def imported(node):
    """The top-level names of the imported modules."""
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    return {name.partition(".")[0] for name in names}


def wrong_call(node):
    name, owner = called(node)
    options = {keyword.arg: keyword.value for keyword in node.keywords}
    if (owner is None and name in RUNNING) or (owner, name) in SHELLS or (owner == "yaml" and name in LOADING):
        yield f"calls {name}"
    if any(option in options and not is_false(options[option]) for option in ("shell", "allow_pickle")):
        yield "sets shell or allow_pickle"
    if (owner, name) in NUMPY and "allow_pickle" not in options:
        yield "calls numpy.load without allow_pickle=False"
    if name in SQL and node.args and is_made_up(node.args[0]):
        yield f"builds text for {name}"


def called(node):
    """The name of the called function, and of the object or module it belongs to."""
    function = node.func
    if isinstance(function, ast.Name):
        return function.id, None
    if isinstance(function, ast.Attribute):
        return function.attr, function.value.id if isinstance(function.value, ast.Name) else ""
    return None, None


def is_false(node):
    return isinstance(node, ast.Constant) and node.value is False


def is_made_up(node):
    """Whether an expression builds text: an f-string with values, `+`, `%`, or a call such as format."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp):
        return is_text(node.left) or is_text(node.right)
    return isinstance(node, ast.Call) and called(node)[0] in ("format", "join", "replace") and is_text(node.func.value)


def is_text(node):
    is_plain = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return is_plain or isinstance(node, ast.JoinedStr) or is_made_up(node)


def test_no_module_runs_what_it_reads():
    assert len(MODULES) > 500
    found = {str(path.relative_to(ROOT)): list(complaints(ast.parse(path.read_text()))) for path in MODULES}
    assert {path: complaints for path, complaints in found.items() if complaints} == {}


@pytest.mark.parametrize(
    "line",
    [
        "eval(text)",
        "exec(text)",
        "import pickle",
        "from pickle import loads",
        "import cloudpickle as c",
        "yaml.load(text)",
        "os.system(line)",
        "subprocess.run(line, shell=True)",
        "subprocess.run(line, shell=wanted)",
        "np.load(file)",
        "np.load(file, allow_pickle=True)",
        "np.savez(file, allow_pickle=maybe)",
        "sa.text(f'SELECT {name}')",
        "text('SELECT ' + name)",
        "connection.exec_driver_sql('SELECT %s' % name)",
        "connection.execute('SELECT {}'.format(name))",
        "connection.execute(', '.join(names))",
        "sa.text('SELECT ' + name + ' FROM trial')",
    ],
)
def test_what_must_not_be_is_found(line):
    assert list(complaints(ast.parse(line)))


@pytest.mark.parametrize(
    "line",
    [
        "re.compile(pattern)",
        "np.load(file, allow_pickle=False)",
        "sa.text('PRAGMA application_id')",
        "connection.execute(query)",
        "sa.DDL('PRAGMA application_id = %(number)d', context=numbers)",
        "subprocess.run(line, shell=False)",
        "json.loads(text)",
        "reader.load(path)",
    ],
)
def test_what_may_be_is_not_found(line):
    assert not list(complaints(ast.parse(line)))
