"""`python -m failover`, the same as the command `failover`."""

import sys

from failover.cli import main

if __name__ == "__main__":
    sys.exit(main())
