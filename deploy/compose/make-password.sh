#!/bin/sh
# A random password for the database, once. Readable to whoever mounts the volume, and nobody else does.
set -eu
test -s "$PASSWORD_FILE" && exit 0
umask 0222
rm -f "$PASSWORD_FILE.new"
head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$PASSWORD_FILE.new"
mv "$PASSWORD_FILE.new" "$PASSWORD_FILE"
