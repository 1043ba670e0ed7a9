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
  if test -d server; then cp -p server/server-decision.json new/all/; else mkdir -m 0700 server; fi
  # Sessions of the console are sealed since 0.4.
  if test -f server/server-session.json; then cp -p server/server-session.json new/all/; fi
  erasure keys init --dir new/all --upgrade
else
  rm -rf worker gateway server
  mkdir -m 0700 worker gateway server new/client
  erasure keys init --dir new/all --environment "$KEYS_ENVIRONMENT"
fi
cp -p new/all/fact-keys.json new/fact-keys.json
cp -p new/all/client.json new/client.json
mv new/all/provider-*.json new/all/certificate.json new/all/decision.json new/all/fact-keys.json worker/
mv new/all/gateway.json new/fact-keys.json gateway/
# Signed decisions until 0.3: the server does now, with a key of its own.
rm -f gateway/gateway-decision.json
# The services' keys stay as they are: docs/api.md says how they are made.
mv new/all/server-decision.json new/all/server-session.json new/client.json server/
if ! test -d client; then
  mv new/all/client.json new/all/certificate.public.jwk new/client/
  mv new/client .
fi
# Public: the console checks certificates with them.
cp -p worker/decision.json worker/fact-keys.json client/certificate.public.jwk server/
rm -rf new
