"""``python -m lineproof`` and the ``lineproof`` command."""

import sys

from lineproof.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
