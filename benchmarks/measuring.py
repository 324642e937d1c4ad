"""How benchmarks measure: the best of several rounds, everything of one ratio in the same run."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """One result: what was measured, how many times the yardstick, the least that is accepted and what is aimed at."""

    name: str
    value: float
    limit: float
    goal: float
    note: str = ""

    @property
    def good(self) -> bool:
        """Whether the limit is kept."""
        return self.value >= self.limit

    def line(self) -> str:
        """One line for people."""
        verdict = "goal" if self.value >= self.goal else "ok" if self.good else "TOO SLOW"
        return f"{self.name:<58} {self.value:9.2f}  limit {self.limit:g}  goal {self.goal:g}  {verdict:<8} {self.note}"


def seconds_per_call(action: Callable[[], object], *, budget: float = 0.5) -> float:
    """The best mean of many short rounds that together take about `budget` seconds."""
    return side_by_side(action, budget=budget)[0]


def side_by_side(*actions: Callable[[], object], budget: float = 1.0, rounds: int = 20) -> list[float]:
    """Seconds per call of each action: the best of `rounds` rounds, taken in turns so that all meet the same machine."""
    counts = []
    for action in actions:
        action()
        started = time.perf_counter()
        action()
        once = max(time.perf_counter() - started, 1e-7)
        counts.append(max(1, int(budget / len(actions) / rounds / once)))
    best = [float("inf")] * len(actions)
    for _ in range(rounds):
        for index, action in enumerate(actions):
            started = time.perf_counter()
            for _ in range(counts[index]):
                action()
            best[index] = min(best[index], (time.perf_counter() - started) / counts[index])
    return best
