"""What an action costs against a plain save() of the same row.

The action decides, takes the diff, writes two events and commits; the plain save commits.
"""

from __future__ import annotations

import itertools
import sys

from benchmarks import world

world.prepare()

import django  # noqa: E402  settings need the database that was just made

django.setup()

from datetime import timedelta  # noqa: E402

from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.actions import keys, people  # noqa: E402
from accounts.models import KeyUse  # noqa: E402
from tests.cast import assemble  # noqa: E402

TARGET = 8.0


def main() -> int:
    cast = assemble()
    numbers = itertools.count()
    alice = cast.alice
    until = timezone.now() + timedelta(days=1)
    key = keys.issue(alice, name="bench", scopes=["read"], expires_at=until, by=alice).key
    use = KeyUse.objects.create(key=key, last_used_at=timezone.now())

    def by_action() -> None:
        people.set_name(alice, name=f"Alice {next(numbers)}", by=alice)

    def by_plain_save() -> None:
        """A row of the one model that is not governed, as any Django site would save it."""
        with transaction.atomic():
            use.last_used_at = timezone.now()
            use.full_clean()
            use.save()

    world.machine()
    acted, plain = world.alternate(by_action, by_plain_save, 500)
    ratio = acted / plain
    detail = f"action {acted * 1e3:.2f} ms, plain {plain * 1e3:.2f} ms, medians, fsync off"
    ok = world.figure(
        "an audited action / a plain validated save()",
        ratio,
        "x",
        f"<= {TARGET}",
        ratio <= TARGET,
        detail,
    )
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
