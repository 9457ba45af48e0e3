"""`python -m governance.embedded CMD ARGS`: runs one command with the servers up."""

import os
import signal
import subprocess
import sys
from types import FrameType

from governance.embedded import servers
from governance.embedded.child import die_with


def run(command: list[str]) -> int:
    with servers():
        try:
            child = subprocess.Popen(command, preexec_fn=die_with(os.getpid(), signal.SIGTERM))
        except OSError as error:
            raise SystemExit(f"{command[0]}: {error.strerror}") from error

        def forward(signum: int, frame: FrameType | None) -> None:
            # Ctrl-C reaches the command by itself; here it only must not end the servers.
            if signum == signal.SIGTERM:
                child.terminate()

        handlers = {s: signal.signal(s, forward) for s in (signal.SIGINT, signal.SIGTERM)}
        code = child.wait()
        for signum, handler in handlers.items():
            signal.signal(signum, handler)
        return code if code >= 0 else 128 - code


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit("Usage: python -m governance.embedded COMMAND [ARGUMENT ...]")
    sys.exit(run(sys.argv[1:]))
