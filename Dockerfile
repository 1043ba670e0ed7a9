# Targets: `worker` (the default), `gateway`, `server`, `simulator` (for trying out), `runtime` (the erasure command alone).
# glibc, since the worker's native library has no build for musl.
ARG NODE_IMAGE=node:22.23.3-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
# What is for one machine only is no part of the product: the simulator is taken from here by its own target.
RUN npm run build && mv dist/local /local && chmod 0755 dist/cli/main.js

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
COPY deploy/prune-native.sh ./
RUN sh prune-native.sh node_modules

FROM ${NODE_IMAGE} AS runtime
ENV NODE_ENV=production
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
RUN ln -s /app/dist/cli/main.js /usr/local/bin/erasure && install -d -o 1000 -g 1000 -m 0700 /keys
ENV ERASURE_KEYS_DIR=/keys
# The image's own user `node`, as a number: Kubernetes checks runAsNonRoot by it. Nothing is written outside of volumes.
USER 1000:1000
ENTRYPOINT ["erasure"]
CMD ["--help"]

FROM runtime AS simulator
COPY --from=build /local/simulator dist/local/simulator
ENTRYPOINT ["node", "dist/local/simulator/main.js"]
CMD ["--measureone-port", "7801", "--person-port", "7802", "--aptrinsic-port", "7803", "--control-port", "7804"]

FROM runtime AS gateway
ENV GATEWAY_HOST=0.0.0.0 GATEWAY_PORT=8080 GATEWAY_METRICS_ADDRESS=0.0.0.0:9465
EXPOSE 8080 9465
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s CMD ["erasure", "health", "gateway"]
CMD ["gateway"]

FROM runtime AS server
ENV SERVER_HOST=0.0.0.0 SERVER_PORT=8090 SERVER_METRICS_ADDRESS=0.0.0.0:9466
EXPOSE 8090 9466
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s CMD ["erasure", "health", "server"]
CMD ["server"]

FROM runtime AS worker
ENV METRICS_ADDRESS=0.0.0.0:9464
EXPOSE 9464
HEALTHCHECK --interval=30s --timeout=10s --start-period=90s CMD ["erasure", "health", "worker"]
CMD ["worker"]
