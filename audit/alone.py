"""`python -m audit.alone`: what verify_trail finds, without the application.

It reads the settings and the tables and loads no app, so it needs a third less memory and trusts
less. Nobody is asked and no event is left: whoever runs it has the database's password.
"""

import argparse
import json
import os
from pathlib import Path

from django.apps import apps

from audit import trail


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m audit.alone")
    parser.add_argument("--since", type=int, default=0, metavar="SIZE", help="of a checkpoint")
    parser.add_argument("--anchors", type=Path, metavar="FILE", help="kept elsewhere")
    parser.add_argument("--keys", type=Path, metavar="FILE", help="public keys kept elsewhere")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
    apps.populate([])  # so that Django knows that none are coming
    try:
        found = trail.verdict(trail.Scope(asked.since, 0, asked.anchors, asked.keys))
    except (LookupError, OSError) as error:
        parser.exit(2, f"{error}\n")
    print(json.dumps(found.as_json()))
    return 1 if found.problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
