"""Encodings, languages and terminals."""

from support.places.environments.environment import NOTHING_IS_HEARD, Environment

ALL_TEXTS = ("run", "compare")

TEXTS = (
    Environment("ASCII", "export PYTHONIOENCODING=ascii", sample=ALL_TEXTS),
    Environment("strict ASCII", "export PYTHONIOENCODING=ascii:strict"),
    Environment("latin-1", "export PYTHONIOENCODING=latin-1"),
    Environment("code page 437", "export PYTHONIOENCODING=cp437"),
    Environment("GBK", "export PYTHONIOENCODING=gbk"),
    Environment("Shift JIS", "export PYTHONIOENCODING=shift_jis"),
    Environment("UTF-16", "export PYTHONIOENCODING=utf-16", hears=NOTHING_IS_HEARD),
    Environment("C locale without UTF-8", "export LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0", sample=ALL_TEXTS),
    Environment("POSIX locale", "unset LANG; export LC_ALL=POSIX"),
    Environment("a locale that does not exist", "export LC_ALL=xx_YY.UTF-8 LANG=xx"),
    Environment("no locale", "unset LANG LC_ALL"),
    Environment("40 columns", columns=40, sample=("run", "trials")),
    Environment("20 columns", columns=20),
    Environment("1 column", columns=1),
    Environment("200 columns", columns=200),
    Environment("a dumb terminal", "export TERM=dumb", columns=80),
    Environment("a terminal without a name", "unset TERM", columns=80),
    Environment("a terminal in ASCII", "export PYTHONIOENCODING=ascii", columns=80),
    Environment("no colour", "export NO_COLOR=1", columns=80),
    Environment("forced colour", "export FORCE_COLOR=1"),
    Environment("COLUMNS is 0", "export COLUMNS=0 LINES=0"),
    Environment("COLUMNS is no number", "export COLUMNS=wide"),
)
