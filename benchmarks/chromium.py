"""The browser that measurements of the web page use."""

import shutil
import sys

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def installed_browser() -> str:
    """The path of the first browser that is installed. Without one, the program ends and says how to install it."""
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    sys.exit("no Chromium is installed; install it with: apt-get install -y chromium")
