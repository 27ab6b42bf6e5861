"""Support for the table `search`: problems whose errors are looked up or computed, runs, and their judgement."""
