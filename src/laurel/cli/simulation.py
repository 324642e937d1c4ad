"""The simulated university of `laurel demo`: what can be earned, who studies, what they do. Seeded and pure."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

COURSES = ("Algebra", "Statistics", "Programming", "Academic Writing")
DAYS = 60
_FIRST = ("Ada", "Alan", "Grace", "Katherine", "Emmy", "Srinivasa", "Mary", "Tu", "Wangari", "Chien", "Rosa", "Ibn")
_LAST = ("Lovelace", "Turing", "Hopper", "Johnson", "Noether", "Ramanujan", "Curie", "Youyou", "Maathai", "Wu", "Parks")
_KINDS = (
    ("login", 30),
    ("lesson.completed", 28),
    ("study.session", 22),
    ("quiz.passed", 12),
    ("forum.answer", 6),
    ("course.completed", 2),
)


def _counted(alias: str, event: str, value: int, **query: Any) -> dict[str, Any]:
    return {
        "queries": [{"alias": alias, "event_name": event, **query}],
        "criteria": {"type": "count", "query": alias, "value": value},
    }


def definitions(prize: str) -> list[dict[str, Any]]:
    """A dozen achievements; `prize` is the uid of the reward with few units. The diploma, last, needs the courses' uids."""
    streaks = [
        {
            "name": name,
            "description": f"Came by on {days} days in a row.",
            "queries": [{"alias": "visits", "event_name": "login"}],
            "criteria": {"type": "streak", "query": "visits", "unit": "day", "value": days},
            "rewards": {"points": days},
        }
        for name, days in (("A week in a row", 7), ("A fortnight in a row", 14))
    ]
    courses = [
        {
            "name": f"Certificate: {course}",
            "description": f"Completed the course {course} of Harbour University.",
            "type": "CertificateOfCompletion",
            "issues_credential": True,
            "rewards": {"points": 100, "xp": {"knowledge": 50}},
            **_counted("done", "course.completed", 1, source_id=course),
        }
        for course in COURSES
    ]
    return [
        {
            "name": "First steps",
            "description": "Completed a first lesson.",
            **_counted("lessons", "lesson.completed", 1),
        },
        *streaks,
        {
            "name": "Ten hours in a month",
            "description": "Studied for 600 minutes within one month.",
            "period": "monthly",
            "queries": [{"alias": "study", "event_name": "study.session"}],
            "criteria": {"type": "sum", "query": "study", "attribute": "minutes", "value": 600},
            "rewards": {"points": 50},
        },
        {
            "name": "Quiz regular",
            "description": "Passed ten quizzes.",
            "rewards": {"xp": {"knowledge": 20}},
            **_counted("quizzes", "quiz.passed", 10),
        },
        {
            "name": "Helping hand",
            "description": "Answered five questions; at most two a day count.",
            "rewards": {"xp": {"contribution": 25}},
            **_counted("answers", "forum.answer", 5, cap={"count": 2, "window": "day"}),
        },
        {
            "name": "Twenty lessons, and a jacket while they last",
            "description": "Completed twenty lessons; the first fifty get a jacket.",
            "rewards": {"points": 20, "items": [{"reward": prize}]},
            **_counted("lessons", "lesson.completed", 20),
        },
        *courses,
    ]


def diploma(courses: list[str]) -> dict[str, Any]:
    """The composite achievement over the courses' achievements (their uids)."""
    return {
        "name": "Diploma of Foundations",
        "description": "Holds the certificates of all four foundation courses.",
        "type": "Diploma",
        "issues_credential": True,
        "prerequisites": courses,
        "rewards": {"points": 500},
    }


def person_name(number: int) -> tuple[str, str]:
    """A made-up name for person `number`."""
    return _FIRST[number % len(_FIRST)], _LAST[number // len(_FIRST) % len(_LAST)]


def events(people: int, count: int, seed: int, end: datetime) -> Iterator[dict[str, Any]]:
    """`count` events of `people` over the DAYS before `end`, in order of time; some study much, many little."""
    chance = random.Random(seed)  # noqa: S311 - a simulation that can be repeated, no secret
    eager = [chance.paretovariate(1.2) for _ in range(people)]
    kinds = [kind for kind, _ in _KINDS]
    weights = [weight for _, weight in _KINDS]
    moments = sorted(chance.random() for _ in range(count))
    doers = chance.choices(range(people), weights=eager, k=count)
    for index, (moment, doer) in enumerate(zip(moments, doers, strict=True)):
        kind = chance.choices(kinds, weights)[0]
        payload: dict[str, Any] = {}
        event: dict[str, Any] = {}
        if kind == "study.session":
            payload = {"minutes": chance.randrange(5, 90)}
        if kind == "quiz.passed":
            payload = {"score": round(chance.uniform(0.5, 1), 2)}
        if kind == "course.completed":
            event["source_id"] = chance.choice(COURSES)
        yield {
            "key": f"demo-{seed}-{index}",
            "person": {"email": f"student{doer + 1}@harbour.example"},
            "name": kind,
            "occurred_at": (end - timedelta(days=DAYS * (1 - moment))).isoformat(),
            "payload": payload,
            **event,
        }
