"""For tests of the web page."""
