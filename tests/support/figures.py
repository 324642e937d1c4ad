"""What a figure of the scorecard is made of: how large, from which seed, and the line it prints."""

import os
import random


def size() -> float:
    """The part of the full size that is wanted: SCORECARD_SIZE, a hundredth unless said otherwise."""
    return float(os.environ.get("SCORECARD_SIZE", "0.01"))


def sized(full: int, *, least: int) -> int:
    """So many of `full`, at least `least`."""
    return max(least, round(full * size()))


def a_seed() -> int:
    """SCORECARD_SEED, or one drawn now; it is printed with the figure."""
    return int(os.environ.get("SCORECARD_SEED") or random.SystemRandom().randrange(2**31))


def report(line: str) -> None:
    """Print a figure as the scorecard picks it up."""
    print(f"figure: {line}")  # noqa: T201 - the figure
