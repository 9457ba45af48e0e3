#!/bin/sh
# Run once by the postgres image, on an empty data folder: roles, rights, passwords.
set -eu

# The address of a role holds its password: postgres://ROLE:PASSWORD@...
password() { sed -E 's#^[^:]+://[^:]+:([^@]+)@.*#\1#' "/run/secrets/$1"; }

psql -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d "$POSTGRES_DB" \
  -v app="$(password database_url)" -v owner="$(password database_owner_url)" <<'SQL'
\i /opt/gatehouse/database.sql
alter role gatehouse_owner password :'owner';
alter role gatehouse_app password :'app';
SQL
