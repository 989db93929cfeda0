# One image for the sidecar (its arguments are the container's: `docker run … doctor`) and for the stand-alone sandbox
# (the entrypoint node dist/sandbox/server.js).
# Any Node that package.json's "engines" allows will do: --build-arg NODE_IMAGE=...
# An exact version, so that a rebuild changes nothing else. A digest would hold its bytes, too, but only a registry can tell it: add yours
# (node:26.10.0-trixie-slim@sha256:...).
ARG NODE_IMAGE=node:26.10.0-trixie-slim

FROM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM manifests AS build
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json build.js ./
COPY src src
# Source maps would be two thirds of dist, and node reads them only when told to. Apps get the client and the types from the package.
RUN npm run build -- --no-source-maps && rm -r dist/client && find dist -name '*.d.ts' -delete

FROM manifests AS dependencies
# What only people and compilers read would be a quarter of it.
RUN npm ci --omit=dev --ignore-scripts && \
    find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

FROM ${NODE_IMAGE}
WORKDIR /app
# Owned by root and read-only to the user below. A clone made under a strict umask would leave package.json unreadable to it.
COPY --from=dependencies /app/node_modules node_modules
COPY --chmod=644 package.json ./
COPY --from=build /app/dist dist
# `::` takes IPv4 too, and is IPv4 alone where the system has no IPv6.
ENV HOST=:: ADMIN_HOST=:: WEBHOOK_HOST=:: NODE_ENV=production
USER 1000:1000
EXPOSE 3000
STOPSIGNAL SIGTERM
# Each check costs 80 ms of CPU. --start-interval would ask more often at the start only, but Docker before 25 refuses a file that has it.
# The time-out is an error too. With a signal, one that nothing catches would end node with 0.
HEALTHCHECK --interval=5s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "const { HOST, PORT, ADMIN_HOST, ADMIN_PORT } = process.env; const [host, port] = ADMIN_PORT ? [ADMIN_HOST || '::', ADMIN_PORT] : [HOST, PORT || 3000]; http.get({ host: host === '::' ? 'localhost' : host, port, path: '/livez', signal: AbortSignal.timeout(3000) }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
# node is PID 1 and handles the signals itself. What each flag is worth is in docs/performance.md. The first gives young objects the room that
# they have in Node.js 20. Later versions give them more, which takes 18 to 23 MB.
ENTRYPOINT ["node", "--max-semi-space-size=16", "--initial-old-space-size=64", "--no-allocation-site-pretenuring", "dist/server.js"]
# Last, so that another version does not build the rest again. Where the source is, whoever publishes the image says with --label.
ARG NODE_IMAGE
ARG VERSION=unknown
LABEL org.opencontainers.image.title="liveengage-proxy" \
      org.opencontainers.image.description="A small, typed REST sidecar in front of LivePerson's LiveEngage Connector API" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.base.name="$NODE_IMAGE"
