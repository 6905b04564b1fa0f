#!/usr/bin/env bash
# cargo under ThreadSanitizer, with a standard library that is instrumented as well: without, what
# threads tell each other inside of it goes unseen, and false alarms follow. Fails on a data race.
#   usage: tsan.sh test [ARGUMENT...]
# The compiler and the library are the system's, as in std.sh; the sanitizer's runtime is that of a
# toolchain of rustup's, the nightly's if there is one.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export CROSS_SYSROOT=${CROSS_SYSROOT:-$HOME/.cache/rust-cross}/tsan RUSTC_BOOTSTRAP=1
host=$(/usr/bin/rustc -vV | sed -n 's/^host: //p')
toolchains=${RUSTUP_HOME:-$HOME/.rustup}/toolchains
runtime=
for candidate in "$toolchains"/{nightly,stable,}*-"$host"/lib/rustlib/"$host"/lib/librustc*_rt.tsan.a; do
  if [ -f "$candidate" ]; then runtime=$candidate; break; fi
done
[ -n "$runtime" ] || { echo "no runtime of ThreadSanitizer in $toolchains: install a toolchain with rustup" >&2; exit 1; }
mkdir -p "$CROSS_SYSROOT"
STD_RUSTFLAGS=-Zsanitizer=thread "$here/std.sh" full "$host"
# The compiler asks for it by its channel's name, or without one, as it was configured.
for name in librustc_rt.tsan.a librustc-stable_rt.tsan.a; do
  cp -f "$runtime" "$CROSS_SYSROOT/full/lib/rustlib/$host/lib/$name"
done
export RUSTFLAGS="-Zsanitizer=thread ${RUSTFLAGS:-}" RUSTDOCFLAGS="-Zsanitizer=thread ${RUSTDOCFLAGS:-}"
exec "$here/cargo.sh" "$host" "$@"
