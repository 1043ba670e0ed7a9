#!/bin/sh
# The namespace with its retention, once; `temporal` reads TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE.
set -eu
tries=0
until temporal operator cluster health; do
  tries=$((tries + 1))
  test "$tries" -lt 30 || exit 1
  sleep 2
done
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 && exit 0
temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
