#!/bin/sh
# Run once by the postgres image, when its volume is new: one role and one database for Tidemark, one role for Temporal,
# which makes its own databases.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 \
  --set tidemark_password="$TIDEMARK_DB_PASSWORD" --set temporal_password="$TEMPORAL_DB_PASSWORD" \
  --username "$POSTGRES_USER" --dbname postgres <<'SQL'
create role tidemark login password :'tidemark_password';
create database tidemark owner tidemark;
create role temporal login createdb password :'temporal_password';
SQL
