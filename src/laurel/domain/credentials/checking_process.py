"""The process that `checking` starts: questions come in, answers go out, and it ends when there are no more questions.

A question is a count, a public key, and as many signatures each with what was signed. Imports next to nothing, to start
at once.
"""

import sys
from typing import IO, Final

from laurel.openbadges.libsodium import all_good

COUNT_BYTES: Final = 4
KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
INPUT_BYTES: Final = 64
"""Of a proof, two SHA-256 are signed."""
SIGNED_BYTES: Final = SIGNATURE_BYTES + INPUT_BYTES
GOOD: Final = b"\x01"
BAD: Final = b"\x00"


def answer(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answer until there are no more questions. Half a question is none."""
    while len(head := questions.read(COUNT_BYTES + KEY_BYTES)) == COUNT_BYTES + KEY_BYTES:
        length = int.from_bytes(head[:COUNT_BYTES]) * SIGNED_BYTES
        records = questions.read(length)
        if len(records) < length:
            return
        signed = (
            (records[at : at + SIGNATURE_BYTES], records[at + SIGNATURE_BYTES : at + SIGNED_BYTES])
            for at in range(0, length, SIGNED_BYTES)
        )
        answers.write(GOOD if all_good(head[COUNT_BYTES:], signed) else BAD)
        answers.flush()


if __name__ == "__main__":
    answer(sys.stdin.buffer, sys.stdout.buffer)
