"""Encodings, languages and terminals."""

from environments.environment import ONLY_ERR, Environment

ALL_TEXTS = ("run", "compare", "trials")

TEXTS = (
    Environment("ASCII", "export PYTHONIOENCODING=ascii", sample=ALL_TEXTS),
    Environment("strict ASCII", "export PYTHONIOENCODING=ascii:strict", sample=ALL_TEXTS),
    Environment("latin-1", "export PYTHONIOENCODING=latin-1", sample=ALL_TEXTS),
    Environment("code page 437", "export PYTHONIOENCODING=cp437", sample=("run", "table")),
    Environment("GBK", "export PYTHONIOENCODING=gbk", sample=("run", "table")),
    Environment("Shift JIS", "export PYTHONIOENCODING=shift_jis", sample=("run", "table")),
    Environment("UTF-16", "export PYTHONIOENCODING=utf-16", hears=ONLY_ERR, sample=("run", "table")),
    Environment("C locale without UTF-8", "export LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0", sample=ALL_TEXTS),
    Environment("POSIX locale", "unset LANG; export LC_ALL=POSIX", sample=("run", "table")),
    Environment("a locale that does not exist", "export LC_ALL=xx_YY.UTF-8 LANG=xx", sample=("run", "trials")),
    Environment("no locale", "unset LANG LC_ALL", sample=("run", "trials")),
    Environment("40 columns", columns=40, sample=("run", "trials", "table")),
    Environment("20 columns", columns=20, sample=("run", "table")),
    Environment("1 column", columns=1, sample=("run", "table")),
    Environment("200 columns", columns=200, sample=("run", "trials", "table")),
    Environment("a dumb terminal", "export TERM=dumb", columns=80, sample=("run", "table")),
    Environment("a terminal without a name", "unset TERM", columns=80, sample=("run", "table")),
    Environment("a terminal in ASCII", "export PYTHONIOENCODING=ascii", columns=80, sample=("run", "table")),
    Environment("no colour", "export NO_COLOR=1", columns=80, sample=("run", "table")),
    Environment("forced colour", "export FORCE_COLOR=1", sample=("run", "trials")),
    Environment("COLUMNS is 0", "export COLUMNS=0 LINES=0", sample=("run", "table")),
    Environment("COLUMNS is no number", "export COLUMNS=wide", sample=("run", "table")),
)
