"""`python -m simulators` is `ostiary-sim`."""

import sys

from simulators.cli import main

sys.exit(main())
