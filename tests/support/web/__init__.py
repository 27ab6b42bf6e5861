"""Support for tests of the web page."""
