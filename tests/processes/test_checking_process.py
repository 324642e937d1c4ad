"""Signatures are checked by a process of its own, and here when it is gone; it says no to what is not good."""

import io
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from laurel.domain.credentials.checking import CheckingProcess
from laurel.domain.credentials.checking_process import BAD, GOOD, answer
from laurel.openbadges.faults import ProofRejected

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key()


def signed(count, length=64):
    messages = [number.to_bytes(length) for number in range(count)]
    return [(KEY.sign(message), message) for message in messages]


def with_one_exchanged(count, length=64):
    made = signed(count, length)
    made[-1] = (made[0][0], made[-1][1])
    return made


def test_it_tells_good_from_bad_as_often_as_it_is_asked():
    with closing(CheckingProcess()) as process:
        for _ in range(3):
            process.check(PUBLIC, signed(40))
            with pytest.raises(ProofRejected):
                process.check(PUBLIC, with_one_exchanged(40))
            with pytest.raises(ProofRejected):
                process.check(Ed25519PrivateKey.generate().public_key(), signed(1))
        process.check(PUBLIC, [])


def test_threads_that_ask_at_once_each_get_their_own_answer():
    def ask(number):
        try:
            process.check(PUBLIC, with_one_exchanged(30) if number % 3 else signed(30))
        except ProofRejected:
            return False
        return True

    with closing(CheckingProcess()) as process, ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, range(24))) == [number % 3 == 0 for number in range(24)]


@pytest.mark.parametrize("gone", ["killed", "closed"])
def test_signatures_are_checked_here_when_the_process_is_gone(gone):
    process = CheckingProcess()
    process.check(PUBLIC, signed(2))
    if gone == "killed":
        os.kill(process.pid, signal.SIGKILL)
    else:
        process.close()
    for _ in range(2):
        process.check(PUBLIC, signed(5_000))
        with pytest.raises(ProofRejected):
            process.check(PUBLIC, with_one_exchanged(2))
    process.close()
    assert process.pid is None


@pytest.mark.parametrize("length", [32, 65])
def test_what_is_not_signed_as_a_proof_is_checked_here(length):
    with closing(CheckingProcess()) as process:
        process.check(PUBLIC, signed(3, length))
        with pytest.raises(ProofRejected):
            process.check(PUBLIC, with_one_exchanged(3, length))


def test_half_a_question_is_not_answered():
    question = (2).to_bytes(4) + PUBLIC.public_bytes_raw() + b"".join(part for pair in signed(2) for part in pair)
    answers = io.BytesIO()
    answer(io.BytesIO(question + question[:-1]), answers)
    assert answers.getvalue() == GOOD
    answer(io.BytesIO(question[:-1] + b"x"), answers)
    assert answers.getvalue() == GOOD + BAD
