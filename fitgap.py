"""`python -m fitgap`: the same as the command `fitgap`."""

from runner.__main__ import main

if __name__ == "__main__":
    main()
