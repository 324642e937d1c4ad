"""A PostgreSQL with a standby that is streamed to: two servers of the embedded kind, and what a failover does to them.

Plain streaming replication without anything that decides by itself: the test promotes.
"""

import asyncio
import os
import pwd
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from laurel.database.embedded import EmbeddedPostgres

MODE = "ALTER SYSTEM SET synchronous_standby_names = '*'"
"""Strict: a commit is answered once the standby has it on its disk."""


class Pair:
    """A primary under `home`/a and its standby under `home`/b; both gone after `end`."""

    def __init__(self, home: Path) -> None:
        self.primary, self.standby = home / "a" / "postgres", home / "b" / "postgres"
        self._server = EmbeddedPostgres(home / "a")
        self._log = home / "standby.log"
        (home / "b").mkdir(parents=True)
        home.chmod(0o755)

    def start(self) -> None:
        """Start both, the standby from a copy, and have commits wait for it."""
        url = self._server.start()
        self._program, self._user = self._server._server.bin_path, self._server._server.system_user
        if self._user is not None:
            os.chown(self.standby.parent, pwd.getpwnam(self._user).pw_uid, -1)
        self._run(
            "pg_basebackup", "-h", str(self.primary), "-U", "postgres", "-D", str(self.standby), "-R", "-c", "fast"
        )
        for left in self.standby.glob(".s.PGSQL.*"):
            left.unlink()  # the primary's, copied with the rest
        self._log.touch()
        self._log.chmod(0o666)
        socket = f'-h "" -k {self.standby}'
        self._run("pg_ctl", "-w", "-D", str(self.standby), "-o", socket, "-l", str(self._log), "start")
        asyncio.run(self._bind(url))

    def stall_the_standby(self) -> None:
        """The standby takes nothing more for now."""
        self._signal_receiver(signal.SIGSTOP)

    def fail_over(self) -> None:
        """The primary is killed; the standby takes its place."""
        for process in self._processes(self.primary):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._signal_receiver(signal.SIGCONT)
        self._run("pg_ctl", "-w", "-D", str(self.standby), "promote")

    def end(self) -> None:
        """Kill what still runs of both."""
        for folder in (self.primary, self.standby):
            processes = self._processes(folder)
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(processes, timeout=30)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._program / program), *arguments], check=True, user=self._user, stdout=subprocess.DEVNULL, cwd="/"
        )

    def _processes(self, folder: Path) -> list[Any]:
        pid_file = folder / "postmaster.pid"
        if not pid_file.exists():
            return []
        with suppress(psutil.NoSuchProcess):
            postmaster = psutil.Process(int(pid_file.read_text().splitlines()[0]))
            return [postmaster, *postmaster.children(recursive=True)]
        return []

    def _signal_receiver(self, number: signal.Signals) -> None:
        for process in self._processes(self.standby):
            with suppress(psutil.NoSuchProcess):
                if "walreceiver" in " ".join(process.cmdline()):
                    process.send_signal(number)

    async def _bind(self, url: str) -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(MODE)
            await connection.execute("SELECT pg_reload_conf()")
            deadline = time.monotonic() + 60
            while not await connection.fetchval("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"):
                assert time.monotonic() < deadline, self._log.read_text()
                await asyncio.sleep(0.1)
        finally:
            await connection.close()
