#!/usr/bin/env bash
# Makes the image that the tests on Kafka run in, for a machine whose Docker daemon reaches no registry: the jars that Maven fetched,
# this machine's Java and the few programs that start it. Then:
#   TESTCONTAINERS_RYUK_DISABLED=true NTK_TEST_KAFKA_IMAGE=ntk-test/kafka:4.3.1 npm test
# (testcontainers' own cleaner is an image too.) Made and tried on Debian 12; elsewhere libraries may lie in other places.
set -euo pipefail

version="$(sed -n 's:.*<version>\([0-9]\.[0-9.]*\)</version>.*:\1:p' "$(dirname "${BASH_SOURCE[0]}")/pom.xml" | head -1)"
jars="${TMPDIR:-/tmp}/ntk-kafka-$version"
java="$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")"
root="$(mktemp -d)"
trap 'rm -rf "$root"' EXIT

mkdir -p "$root"/{usr/bin,usr/lib,usr/lib64,opt/kafka/libs,etc,proc,sys,dev,root} "$root$java"
mkdir -m 1777 "$root/tmp"
for link in bin lib lib64; do ln -s "usr/$link" "$root/$link"; done
cp "$jars"/*.jar "$root/opt/kafka/libs/"

programs=(/bin/sh /usr/bin/mkdir /usr/bin/printf /usr/bin/test)
cp -L "${programs[@]}" "$root/usr/bin/"
cp -a "$java/." "$root$java/"
ln -s "$java/bin/java" "$root/usr/bin/java"
# Debian's Java has its settings there.
cp -a /etc/java-* "$root/etc/"
echo 'root:x:0:0::/root:/bin/sh' >"$root/etc/passwd"

mapfile -t binaries < <(find "$java" -name '*.so' -o -path '*/bin/java')
for binary in "${programs[@]}" "${binaries[@]}"; do ldd "$binary" 2>/dev/null || true; done |
  grep -o '/[^ ]*' | sort -u | while read -r library; do
  case "$library" in
    "$java"*) ;;
    *) mkdir -p "$root/usr${library%/*}" && cp -L "$library" "$root/usr${library#/usr}" 2>/dev/null || cp -L "$library" "$root$library" ;;
  esac
done

# What the native parts of the jars (zstd, snappy) ask for, which they unpack when they run.
for name in libstdc++.so.6 libgcc_s.so.1 libpthread.so.0 librt.so.1 libdl.so.2 libm.so.6; do
  library="$(ldconfig -p | sed -n "s:.*$name (.*x86-64.*) => ::p" | head -1)"
  [ -z "$library" ] || cp -L "$library" "$root/usr/lib/"
done

tar -C "$root" -c . | docker import - "ntk-test/kafka:$version"
