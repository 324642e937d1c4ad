"""Runs every benchmark module (one with a `ratios` function) and fails when a limit is not kept.

`python -m benchmarks NAME ...` runs those alone.
"""

import importlib
import sys
from pathlib import Path


def main() -> int:
    """Print one line for each ratio; 1 when any lies below its limit."""
    names = sys.argv[1:] or sorted(path.stem for path in Path(__file__).parent.glob("*.py"))
    slow = 0
    for name in names:
        if name.startswith("_"):
            continue
        module = importlib.import_module(f"benchmarks.{name}")
        for ratio in module.ratios() if hasattr(module, "ratios") else ():
            print(ratio.line(), flush=True)
            slow += not ratio.good
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
