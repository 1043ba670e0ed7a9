#!/bin/sh
# The keys of every role, made once, and to each role its own. Keys of an earlier release get what they lack. The client's
# are moved last: where they are, all are there, and what an interrupted run has left behind was never used.
set -eu
cd "$ERASURE_KEYS_DIR"
rm -rf new
mkdir -m 0700 new
if test -d client; then
  mkdir -m 0700 new/all
  for file in worker/*.json gateway/*.json client/*.json; do cp -p "$file" new/all/; done
  erasure keys init --dir new/all --upgrade
else
  rm -rf worker gateway
  mkdir -m 0700 worker gateway new/client
  erasure keys init --dir new/all --environment "$KEYS_ENVIRONMENT"
fi
cp -p new/all/fact-keys.json new/fact-keys.json
mv new/all/provider-*.json new/all/certificate.json new/all/decision.json new/all/fact-keys.json worker/
mv new/all/gateway.json new/all/gateway-decision.json new/fact-keys.json gateway/
if ! test -d client; then
  mv new/all/client.json new/all/certificate.public.jwk new/client/
  mv new/client .
fi
rm -rf new
