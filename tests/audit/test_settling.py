"""The check at the commit stays cheap: newest first, in every month, however young it is."""

from __future__ import annotations

import re

from django.db import connection

from tests.acting import rows


def test_the_act_is_looked_for_by_the_newest_index_only(db):
    [source, options] = rows("select prosrc, proconfig from pg_proc where proname = 'gate_settle'")[
        0
    ]
    found = re.search(r"perform(.*?);", source, re.S)
    assert found
    with connection.cursor() as cursor:
        for option in options:
            cursor.execute(f"set local {option}")
        cursor.execute("set local plan_cache_mode = force_generic_plan")
        cursor.execute(f"prepare settling as select {found[1]}")
        cursor.execute("explain execute settling")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("deallocate settling")
    used = re.findall(r"Index Scan using (\w+)", plan)
    assert used
    assert all(re.fullmatch(r"audit_event_\d{4}_\d\d_timestamp_id_idx", name) for name in used)
    assert not re.search(r"Seq Scan|Bitmap|Sort", plan), plan
