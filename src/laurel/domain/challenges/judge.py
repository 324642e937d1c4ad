"""Whether what somebody did in an action is right: pure, no I/O.

An action without judging takes whatever is done. Right answers and codes are the organisation's alone and are never shown
to those who try.
"""

import hmac
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from laurel.base import limits
from laurel.base.errors import Invalid
from laurel.base.limits import check_count, check_length


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of several questions. `answers` are accepted; `every`: all of them have to be chosen and no other."""

    id: str
    answers: list[str]
    every: bool = False


class Judging(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What has to be right, all that is set of it, and how often somebody may try before the challenge is completed.

    code: a secret word, such as what a poster says. answers: one is right. questions: `pass_mark` of them must be answered
    right, all without one. Spaces around an answer and upper case do not matter; both do in a code.
    """

    code: str | None = None
    answers: list[str] = []
    questions: list[Question] = []
    pass_mark: int | None = None
    attempts_max: int | None = None


class Verdict(NamedTuple):
    """Whether the criteria are met, and what to say about it."""

    met: bool
    remark: str = ""


def check_judging(judging: Judging, field: str) -> None:
    """Raise Invalid or TooLarge naming what is wrong below `field`."""
    if judging.code is not None:
        _check_text(judging.code, f"{field}.code")
    check_count(len(judging.answers), limits.ANSWERS_PER_QUESTION_MAX, f"{field}.answers")
    for index, answer in enumerate(judging.answers):
        _check_text(answer, f"{field}.answers[{index}]")
    check_count(len(judging.questions), limits.QUESTIONS_PER_ACTION_MAX, f"{field}.questions")
    seen: set[str] = set()
    for index, question in enumerate(judging.questions):
        _check_question(question, seen, f"{field}.questions[{index}]")
    most = len(judging.questions)
    if judging.pass_mark is not None and not 1 <= judging.pass_mark <= most:
        place = f"{field}.pass_mark"
        raise Invalid(
            f"{place} must be from 1 to the number of questions", field=place, limit=most, value=judging.pass_mark
        )
    tries, limit = judging.attempts_max, limits.ATTEMPTS_PER_ACTION_MAX
    if tries is not None and not 1 <= tries <= limit:
        place = f"{field}.attempts_max"
        raise Invalid(f"{place} must be from 1 to {limit}", field=place, limit=limit, value=tries)


def _check_question(question: Question, seen: set[str], field: str) -> None:
    _check_text(question.id, f"{field}.id")
    if question.id in seen:
        raise Invalid(f"{field}.id is used twice", field=f"{field}.id", value=question.id)
    seen.add(question.id)
    check_count(len(question.answers), limits.ANSWERS_PER_QUESTION_MAX, f"{field}.answers")
    if not question.answers:
        raise Invalid(f"{field}.answers must not be empty", field=f"{field}.answers")
    for index, answer in enumerate(question.answers):
        _check_text(answer, f"{field}.answers[{index}]")


def _check_text(text: str, field: str) -> None:
    if not check_length(text, limits.ANSWER_LENGTH_MAX, field).strip():
        raise Invalid(f"{field} must not be empty", field=field)


def judge(judging: Judging, given: Mapping[str, Any]) -> Verdict:
    """The verdict on an input {code, answer, answers: {question: text or list of texts}}. Raises Invalid for other types."""
    if judging.code is not None:
        code = _text(given.get("code"), "input.code")
        if not hmac.compare_digest(code.encode("utf-8", "replace"), judging.code.encode("utf-8", "replace")):
            return Verdict(met=False, remark="The code is not right")
    if judging.answers:
        answer = _text(given.get("answer"), "input.answer")
        if _plain(answer) not in {_plain(right) for right in judging.answers}:
            return Verdict(met=False, remark="The answer is not right")
    if not judging.questions:
        return Verdict(met=True)
    answers = given.get("answers")
    if not isinstance(answers, Mapping):
        raise Invalid("expected an object of answers by question", field="input.answers", value=answers)
    right = sum(_is_right(question, answers.get(question.id)) for question in judging.questions)
    needed = judging.pass_mark or len(judging.questions)
    remark = f"{right} of {len(judging.questions)} answers are right, {needed} are needed"
    return Verdict(right >= needed, remark)


def _is_right(question: Question, answer: Any) -> bool:
    if answer is None:
        return False
    field = f"input.answers.{question.id}"
    chosen = answer if isinstance(answer, list) else [answer]
    check_count(len(chosen), limits.ANSWERS_PER_QUESTION_MAX, field)
    plain = {_plain(_text(one, field)) for one in chosen}
    accepted = {_plain(right) for right in question.answers}
    return plain == accepted if question.every else len(plain) == 1 and plain <= accepted


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise Invalid("expected string", field=field, value=value)
    return value


def _plain(text: str) -> str:
    return text.strip().casefold()
