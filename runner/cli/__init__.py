"""The command line: commands parse their arguments, call one function of a layer below, and print."""
