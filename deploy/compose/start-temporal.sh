#!/bin/sh
# The image reads the database's password from the environment only.
set -eu
POSTGRES_PWD=$(cat "$PASSWORD_FILE")
export POSTGRES_PWD
exec /etc/temporal/entrypoint.sh
