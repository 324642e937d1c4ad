"""Holding our own signatures against their keys in a process beside this one, while many are signed.

Python lets one thread work at a time, and a thread that gives way for each signature waits far longer to be let in again
than the signature takes. The process is given public keys, signatures and hashes, and nothing else; it ends when its input
does. What it cannot answer for is checked here.
"""

import subprocess
import sys
from collections.abc import Callable, Sequence
from threading import Lock, Timer
from typing import IO, Final

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from laurel.domain.credentials.checking_process import BAD, COUNT_BYTES, GOOD, INPUT_BYTES, SIGNATURE_BYTES
from laurel.openbadges.cross_check import cross_check
from laurel.openbadges.faults import ProofRejected

Signed = tuple[bytes, bytes]
"""A signature, and what was signed."""
Check = Callable[[Ed25519PublicKey, Sequence[Signed]], None]
"""Returns when all signatures are good, raises ProofRejected otherwise."""

_MODULE: Final = "laurel.domain.credentials.checking_process"
_COUNT_MAX: Final = 100_000
_PATIENCE_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 60.0

log = structlog.get_logger("laurel.issuing")


class CheckingProcess:
    """A process that checks. Safe to share among threads, which wait for one another; close it when done."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = subprocess.Popen(  # noqa: S603 - our own module, no words of others
            [sys.executable, "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # so that Ctrl-C leaves it alone while its owner finishes a batch
        )

    @property
    def pid(self) -> int | None:
        """Its number; None when it is gone."""
        return None if self._process is None else self._process.pid

    def check(self, key: Ed25519PublicKey, signed: Sequence[Signed]) -> None:
        """As cross_check. Raises ProofRejected."""
        with self._lock:
            answer = self._ask(key, signed)
        if answer == BAD:
            raise ProofRejected("the signature does not fit what was signed and the key", field="proofValue")
        if answer != GOOD:
            cross_check(key, signed)

    def close(self) -> None:
        """Let it end."""
        with self._lock:
            self._end()

    def _ask(self, key: Ed25519PublicKey, signed: Sequence[Signed]) -> bytes:
        """What the process says; nothing when it is gone, or was not made for what is asked."""
        process = self._process
        usual = all(len(value) == SIGNATURE_BYTES and len(data) == INPUT_BYTES for value, data in signed)
        if process is None or process.stdin is None or process.stdout is None or not usual or len(signed) > _COUNT_MAX:
            return b""
        parts = [len(signed).to_bytes(COUNT_BYTES), key.public_bytes_raw()]
        for pair in signed:
            parts += pair
        watch = Timer(_ANSWER_SECONDS, process.kill)
        watch.start()
        try:
            process.stdin.write(b"".join(parts))
            process.stdin.flush()
            answer = process.stdout.read(1)
        except OSError:
            answer = b""
        finally:
            watch.cancel()
        if not answer:
            log.warning("the process that checks signatures is gone; they are checked without it", code=process.poll())
            self._end()
        return answer

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                _close(pipe)
        try:
            process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        log.debug("what was left to say to the process that checks was not heard")
