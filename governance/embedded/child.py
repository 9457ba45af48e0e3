"""A process of ours: dies with its parent, is stopped for sure, never mistaken for a stranger."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from governance.embedded.account import Account

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)  # loaded before any fork


def die_with(parent: int, signum: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`. Linux only; elsewhere `end_orphan` cleans up at the next start."""

    def follow() -> None:
        if sys.platform == "linux":
            LIBC.prctl(PR_SET_PDEATHSIG, int(signum))
            if os.getppid() != parent:  # it died before we asked
                os._exit(1)

    return follow


def spawn(
    command: Sequence[str | Path],
    log: Path,
    *,
    death: signal.Signals,
    account: Account | None = None,
    cwd: Path = Path("/"),
) -> subprocess.Popen[bytes]:
    """In a session of its own: Ctrl-C reaches only us, and we decide the order of the end."""
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with(os.getpid(), death),
            **(account.switch if account else {}),
        )


def ended(process: subprocess.Popen[bytes]) -> bool:
    """Without reaping it: until then its group's number cannot pass to a stranger."""
    try:
        return (
            process.returncode is not None
            or psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE
        )
    except psutil.NoSuchProcess:  # someone ignores SIGCHLD, so the kernel reaped it
        return True


def ask(process: subprocess.Popen[bytes], signum: signal.Signals) -> None:
    if not ended(process):
        process.send_signal(signum)


def end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Waits for what was asked, then kills what is left of its whole group."""
    deadline = time.monotonic() + seconds
    while not ended(process) and time.monotonic() < deadline:
        time.sleep(0.02)
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):  # nothing is left of it
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def stop(process: subprocess.Popen[bytes], signum: signal.Signals) -> None:
    ask(process, signum)
    end(process, seconds=10)


def wait_until(answers: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60  # a crash recovery replays its log first
    while not answers():
        if ended(process) or time.monotonic() > deadline:
            stop(process, signal.SIGTERM)
            raise SystemExit(f"{log.stem} did not start. The end of {log}:\n{tail(log)}")
        time.sleep(0.01)


def tail(log: Path, lines: int = 15) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16_384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])


def end_orphan(pidfile: Path, folder: Path, signum: signal.Signals) -> None:
    """We hold the owner's lock, so this pid is our orphan or, reused, a stranger's."""
    try:
        process = psutil.Process(int(pidfile.read_text().split()[0]))
        ours = process.status() != psutil.STATUS_ZOMBIE and _serves(process.cmdline(), folder)
    except (OSError, ValueError, IndexError, psutil.Error):
        ours = False
    if ours:
        process.send_signal(signum)
        try:
            process.wait(20)
        except psutil.TimeoutExpired as error:
            raise SystemExit(
                f"{process.name()} (pid {process.pid}) does not end: end it."
            ) from error
    pidfile.unlink(missing_ok=True)


def _serves(cmdline: list[str], folder: Path) -> bool:
    return str(folder) in cmdline and Path(cmdline[0]).name in ("postgres", "redis-server")
