"""`python -m claimbasis.cli`."""

import sys

from claimbasis.cli.commands import main

if __name__ == "__main__":
    sys.exit(main())
