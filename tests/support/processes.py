"""Real `laurel` processes on loopback: started, waited for, asked, ended; every one by its own process id."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from laurel.database.embedded import EmbeddedPostgres

PATIENCE_SECONDS = 60
BOOTSTRAP_KEY = "lrl_a-key-for-unattended-set-ups"


def a_free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(**settings: object) -> dict[str, str]:
    """This process's environment with exactly these LAUREL_* settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAUREL_")}
    return kept | {f"LAUREL_{name.upper()}": str(value) for name, value in settings.items()}


def laurel(*arguments: str, **settings: object) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "laurel.cli", *arguments],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


class Serving:
    """A running `laurel serve`."""

    def __init__(self, log: Path, **settings: Any) -> None:
        self.port: int = settings.pop("port", None) or a_free_port()
        self.settings: dict[str, Any] = {"port": self.port, "bootstrap_key": BOOTSTRAP_KEY, **settings}
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait for the first answer."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "laurel.cli", "serve"],
                env=environment(**self.settings),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"it ended at once:\n{self.log.read_text()}"
            with suppress(httpx.TransportError):
                if self.get("/healthz").status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(f"no answer in {PATIENCE_SECONDS} s:\n{self.log.read_text()}")

    def get(self, path: str, **rest: Any) -> httpx.Response:
        """Ask with the bootstrap key."""
        return httpx.get(
            f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {BOOTSTRAP_KEY}"}, **rest
        )

    def post(self, path: str, *, more_headers: Mapping[str, str] | None = None, **rest: Any) -> httpx.Response:
        """Tell with the bootstrap key."""
        return httpx.post(
            f"http://127.0.0.1:{self.port}{path}",
            headers={"Authorization": f"Bearer {BOOTSTRAP_KEY}", **(more_headers or {})},
            **rest,
        )

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal to the main process alone; its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    def wait_until_gone(self) -> None:
        """Until nobody listens on its port."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) != 0:
                    return
            time.sleep(0.05)
        raise AssertionError("its processes still listen")


@contextmanager
def a_short_directory() -> Iterator[Path]:
    """A directory for an embedded database (its socket lies below it, and such paths are short); stopped and gone after."""
    path = Path(tempfile.mkdtemp(prefix="laurel-"))
    try:
        yield path
    finally:
        server = EmbeddedPostgres(path)
        if (path / "postgres").is_dir():
            server.start()
            server.stop()
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def serving(log: Path, **settings: Any) -> Iterator[Serving]:
    """A `laurel serve` that has answered once; ended on the way out, whatever happened."""
    running = Serving(log, **settings)
    try:
        running.start()
        yield running
    finally:
        if running.process is not None and running.process.poll() is None:
            running.end()
