"""`python -m aggregator`: the command."""

import sys

from aggregator.cli import main

sys.exit(main())
