"""Redis on a Unix socket only; jobs survive a restart in its append-only file."""

import signal
import subprocess
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from governance.embedded import binaries, child
from governance.embedded.account import Account, own_folder, require_reach


def environment(sockets: Path) -> dict[str, str]:
    return {"REDIS_URL": f"unix://{_socket(sockets)}"}


def start(data: Path, sockets: Path, account: Account) -> subprocess.Popen[bytes]:
    program, folder, log = binaries.redis_server(), data / "redis", data / "log/redis.log"
    require_reach(data, account)
    require_reach(program, account)
    own_folder(folder, account)
    # Ours: Redis would remove its own before its socket, and the next one would lose its to it.
    pidfile = data / "redis.pid"
    child.end_orphan(pidfile, folder, signal.SIGTERM)
    process = child.spawn(
        [
            *(program, "--port", "0", "--unixsocket", _socket(sockets), "--unixsocketperm", "700"),
            *("--dir", folder, "--save", "", "--appendonly", "yes"),
            # Its unchanged command line, with its pid, is how we know our own orphan.
            *("--daemonize", "no", "--set-proc-title", "no"),
        ],
        log,
        death=signal.SIGTERM,
        account=account,
    )
    pidfile.write_text(f"{process.pid}\n")
    child.wait_until(lambda: answers(sockets), process, log)
    return process


def answers(sockets: Path) -> bool:
    """Asked now: `from_url` retries nothing by itself, `Redis(...)` waits a second in between."""
    try:
        with Redis.from_url(environment(sockets)["REDIS_URL"], socket_timeout=5) as client:
            return bool(client.ping())
    except RedisError:
        return False


def _socket(sockets: Path) -> Path:
    return sockets / "redis.sock"
