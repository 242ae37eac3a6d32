#!/usr/bin/env bash
# Makes the two images that the container tests begin with, for a machine whose Docker daemon reaches no registry:
#   ntk-test/debian:12    a bare Debian, without build tools
#   ntk-test/node:24      the same with the Node that `npm ci` put beside the project, and npm: what NODE_IMAGE is in the Dockerfile
# Debian comes by debootstrap (root; apt's mirror, or NTK_TEST_DEBIAN_MIRROR), certificates and npm are this machine's. An image that is
# there already is kept; `docker image rm` it to have it made again.
set -euo pipefail

project="$(dirname "$(dirname "$(dirname "$(realpath "${BASH_SOURCE[0]}")")")")"
debian=ntk-test/debian:12
node=ntk-test/node:24
certificates=/etc/ssl/certs/ca-certificates.crt
root="$(mktemp -d)"
trap 'rm -rf "$root"' EXIT

has() { docker image inspect "$1" >/dev/null 2>&1; }

# Where npm has to trust what this machine trusts.
environment=(--change "ENV NODE_EXTRA_CA_CERTS=$certificates" --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin')

if ! has "$debian"; then
  debootstrap --variant=minbase bookworm "$root/debian" ${NTK_TEST_DEBIAN_MIRROR:+"$NTK_TEST_DEBIAN_MIRROR"} >"$root/debootstrap.log" ||
    { tail -5 "$root/debootstrap.log" >&2; exit 1; }
  rm -rf "$root/debian"/var/cache/apt/archives/*.deb "$root/debian"/var/lib/apt/lists/*
  mkdir -p "$root/debian/etc/ssl/certs"
  cp -L "$certificates" "$root/debian$certificates"
  tar -C "$root/debian" -c . | docker import "${environment[@]}" - "$debian"
fi

if ! has "$node"; then
  mkdir -p "$root/node/usr/local/bin" "$root/node/usr/local/lib/node_modules"
  cp -L "$project/node_modules/.bin/node" "$root/node/usr/local/bin/node"
  cp -a "$(npm root --global)/npm" "$root/node/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/node/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/node/usr/local/bin/npx"
  container="$(docker create "$debian" /bin/true)"
  tar -C "$root/node" -c . | docker cp - "$container:/"
  docker commit "${environment[@]}" "$container" "$node"
  docker rm "$container" >/dev/null
fi
