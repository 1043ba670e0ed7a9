#!/bin/sh
# The first keys of every role, once, and to each role its own. The client's are moved last: where they are, all are there,
# and what an interrupted run has left behind was never used.
set -eu
cd "$ERASURE_KEYS_DIR"
test -d client && exit 0
rm -rf new worker gateway
mkdir -m 0700 new new/worker new/gateway new/client
erasure keys init --dir new/all --environment "$KEYS_ENVIRONMENT"
mv new/all/provider-*.json new/all/certificate.json new/all/decision.json new/worker/
mv new/all/gateway.json new/all/gateway-decision.json new/gateway/
mv new/all/client.json new/all/certificate.public.jwk new/client/
rmdir new/all
mv new/worker new/gateway new/client .
rmdir new
