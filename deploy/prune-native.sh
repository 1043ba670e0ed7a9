#!/bin/sh
# Leaves of Temporal's native library what this machine loads, which is a fifth of it, and none of its sources.
set -eu
bridge="${1:?the node_modules directory}/@temporalio/core-bridge"
own="$bridge/releases/$(uname -m)-unknown-linux-gnu"
test -d "$own" || {
  echo "There is no build of @temporalio/core-bridge for $(uname -m)" >&2
  exit 1
}
find "$bridge/releases" -mindepth 1 -maxdepth 1 ! -path "$own" -exec rm -r {} +
rm -r "$bridge/sdk-core" "$bridge/src" "$bridge/bridge-macros" "$bridge/Cargo.lock" "$bridge/Cargo.toml"
