"""Settings for all tests."""

from hypothesis import settings

# This machine may be busy with other things: no test depends on how long anything takes.
settings.register_profile("fitgap", deadline=None)
settings.load_profile("fitgap")
