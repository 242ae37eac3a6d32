# Images of Need to Know. Two, from the same parts:
#
#   docker build --target services .   gateway, scorer, writer and the commands, against Kafka and a ClickHouse server
#   docker build --target up .         `ntk up`: everything in one process, with the embedded ClickHouse, which is most of its 726 MB
#
# Both begin from nothing: Node, the C libraries it asks for, and the project. There is no shell and no package manager in them.
# The bases are only built with; NODE_IMAGE names another one with Node 24 and glibc, from a mirror for example.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS base
WORKDIR /opt/ntk
# Where npm fetches from, where that is not its default.
ARG NPM_CONFIG_REGISTRY
COPY package.json package-lock.json .npmrc ./

# Optional are the Node that is here already and chdb's engine.
FROM base AS packages
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force

# A file system of Node and what it is linked to. `ldd` names the libraries with their paths, whatever the processor.
FROM base AS runtime
RUN set -eu; mkdir -p /root-of/usr/local/bin /root-of/etc /root-of/data /root-of/tmp; \
    cp "$(command -v node)" /root-of/usr/local/bin/node; \
    ldd "$(command -v node)" | grep -o '/[^ ]*' | sort -u | while read -r library; do cp --parents -L "$library" /root-of; done; \
    echo 'ntk:x:10001:10001::/data:/sbin/nologin' > /root-of/etc/passwd; \
    echo 'ntk:x:10001:' > /root-of/etc/group; \
    echo 'hosts: files dns' > /root-of/etc/nsswitch.conf; \
    chown 10001:10001 /root-of/data; chmod 0700 /root-of/data; chmod 1777 /root-of/tmp

FROM scratch AS need-to-know
ENV PATH=/usr/local/bin NODE_ENV=production NTK_DATA=/data MALLOC_ARENA_MAX=1
WORKDIR /opt/ntk
COPY package.json LICENSE ./
COPY bin bin
COPY deploy/healthcheck.mjs deploy/
COPY docs docs
COPY policies policies
COPY schemas schemas
COPY services services
USER 10001:10001
EXPOSE 7077
# Of the heap: bin/ntk.mjs says why.
ENTRYPOINT ["node", "--max-semi-space-size=16", "--initial-old-space-size=256", "bin/ntk.mjs"]
CMD ["--help"]
# /health is 503 while the log is away or a partition waits for a person.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 CMD ["node", "deploy/healthcheck.mjs"]

FROM need-to-know AS services
COPY --from=runtime /root-of /
COPY --from=packages /opt/ntk/node_modules node_modules

FROM base AS packages-with-engine
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/node-* node_modules/.bin && npm cache clean --force

FROM runtime AS runtime-of-engine
COPY --from=packages-with-engine /opt/ntk/node_modules/@chdb node_modules/@chdb
RUN set -eu; for file in node_modules/@chdb/*/*.so node_modules/@chdb/*/*.node; do ldd "$file"; done | \
    grep -o '/[^ ]*\.so[^ ]*' | grep -v chdb | sort -u | while read -r library; do cp --parents -L "$library" /root-of; done

FROM need-to-know AS up
COPY --from=runtime-of-engine /root-of /
COPY --from=packages-with-engine /opt/ntk/node_modules node_modules
VOLUME /data
# Reachable only from inside of the container unless NTK_HTTP_HOST says otherwise.
CMD ["up", "--data", "/data"]
