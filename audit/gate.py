"""Migration operations: put a table behind the gate's triggers."""

from __future__ import annotations

from typing import Any

from django.db import migrations

GATE = """
create trigger gate before insert or update or delete or truncate on "{table}"
  for each statement when (coalesce(current_setting('gate.act', true), '') = '')
  execute function gate_refuse();
create trigger out_of_band after insert or update or delete on "{table}"
  for each row when (coalesce(current_setting('gate.act', true), '') = '')
  execute function gate_record({secrets});
do $$ begin
  if to_regproc('gate_settle') is not null then  -- else audit.0003 adds it to this table
    create constraint trigger settle after insert or update or delete on "{table}"
      deferrable initially deferred
      for each row when (coalesce(current_setting('gate.act', true), '') <> '')
      execute function gate_settle();
  end if;
end $$;
"""
UNGATE = """
drop trigger if exists gate on "{table}";
drop trigger if exists settle on "{table}";
drop trigger if exists out_of_band on "{table}";
"""


class Gate(migrations.RunSQL):
    """Refuse what the application writes outside an act, or in one that leaves no event; record
    what others write beside it.

    `secrets` are columns whose names may be recorded but never their values.
    """

    def __init__(self, table: str, secrets: tuple[str, ...] = (), **kwargs: Any) -> None:
        self.table = table
        self.secrets = secrets
        quoted = ", ".join(f"'{name}'" for name in secrets)
        super().__init__(GATE.format(table=table, secrets=quoted), UNGATE.format(table=table))

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (type(self).__name__, [self.table, self.secrets], {})
