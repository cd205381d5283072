"""`python -m recipes`: the same as the console command `recipes`."""

import sys

from recipes.lab.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
