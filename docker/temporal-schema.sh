#!/bin/sh
# Makes Temporal's two databases, or brings them to the schema of this image's version. Safe to run again.
# SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD are read by the tool itself.
set -eu
schema=/etc/temporal/schema/postgresql/v12
for database in temporal:temporal temporal_visibility:visibility; do
  name=${database%%:*}
  temporal-sql-tool --db "$name" create
  temporal-sql-tool --db "$name" setup-schema -v 0.0
  temporal-sql-tool --db "$name" update-schema -d "$schema/${database##*:}/versioned"
done
