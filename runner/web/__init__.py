"""The web page: sweeps, charts, trials and actions in a browser, served from this machine.

Starlette, Uvicorn and Jinja2 are imported only here, and this package is imported only by `fitgap ui`.
"""

from fitgap.runner.web.application import create_application
from fitgap.runner.web.serving import Server, listen
from fitgap.runner.web.settings import PageSettings, Wording

__all__ = ["PageSettings", "Server", "Wording", "create_application", "listen"]
