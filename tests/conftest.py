"""Settings for all tests."""

from hypothesis import settings

from runner.blas import prepare_blas

# Tests compare what they compute here with what the installed command computes, to the last bit.
prepare_blas()

# This machine may be busy with other things: no test depends on how long anything takes.
settings.register_profile("fitgap", deadline=None)
settings.load_profile("fitgap")
