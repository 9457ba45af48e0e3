"""One export, in a process whose memory is the figure: `python -m benchmarks.trail.export ROWS`."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import django

django.setup()

from django.utils import timezone  # noqa: E402  models need the apps

from accounts.models import User  # noqa: E402
from audit.exports import stream  # noqa: E402
from audit.search import Search  # noqa: E402
from benchmarks.trail.verified import peak  # noqa: E402


def main(rows: int) -> None:
    dana = User.objects.get(username="dana")
    found = stream.of(dana, Search(), "ocsf", timezone.now())
    start = time.perf_counter()
    with Path(os.devnull).open("wb") as nowhere:
        for part in found:
            nowhere.write(part)
            if found.rows >= rows:
                break
    took = time.perf_counter() - start
    print(json.dumps({"mb": round(peak(), 1), "rows_per_s": round(found.rows / took)}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
