#!/bin/sh
# Leaves of the native libraries what this machine loads, which is a fifth of them, and none of Temporal's sources.
set -eu
modules="${1:?the node_modules directory}"

# keep DIRECTORY NAME: of the builds in it, the one for this machine
keep() {
  test -d "$1/$2" || {
    echo "There is no $2 in $1" >&2
    exit 1
  }
  find "$1" -mindepth 1 -maxdepth 1 ! -name "$2" -exec rm -r {} +
}

case "$(uname -m)" in
  x86_64) architecture=x64 ;;
  aarch64) architecture=arm64 ;;
  *) architecture="$(uname -m)" ;;
esac
bridge="$modules/@temporalio/core-bridge"
keep "$bridge/releases" "$(uname -m)-unknown-linux-gnu"
keep "$modules/sodium-native/prebuilds" "linux-$architecture"
rm -r "$bridge/sdk-core" "$bridge/src" "$bridge/bridge-macros" "$bridge/Cargo.lock" "$bridge/Cargo.toml"
