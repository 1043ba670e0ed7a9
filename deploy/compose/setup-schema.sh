#!/bin/sh
# Makes Temporal's two databases, or brings them up to this version. Each step is safe to repeat.
set -eu
SQL_PASSWORD=$(cat "$PASSWORD_FILE")
export SQL_PASSWORD

prepare() {
  database=$1
  schema=$2
  # The tool takes a database that is there for its own; the versioning tables it does not.
  temporal-sql-tool --database "$database" create
  temporal-sql-tool --database "$database" update-schema --schema-dir "$schema" && return
  temporal-sql-tool --database "$database" setup-schema --version 0.0
  temporal-sql-tool --database "$database" update-schema --schema-dir "$schema"
}

prepare temporal /etc/temporal/schema/postgresql/v12/temporal/versioned
prepare temporal_visibility /etc/temporal/schema/postgresql/v12/visibility/versioned
