"""`python -m spikefuse`: the command line where its script is not on the path."""

from spikefuse.cli import main

if __name__ == "__main__":
    main()
