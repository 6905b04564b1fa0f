#!/usr/bin/env bash
# The system's cargo for a foreign target, with the standard library that std.sh has built.
#   usage: cargo.sh TARGET check|clippy|test|... [ARGUMENT...]
# rustup's toolchains are not used, so neither is a rust-toolchain file.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=$1 verb=$2; shift 2
CROSS_SYSROOT=${CROSS_SYSROOT:-$HOME/.cache/rust-cross}
case $verb in check|clippy|doc) modes="check full" ;; *) modes=full ;; esac
root=
for mode in $modes; do
  if [ -f "$CROSS_SYSROOT/$mode/lib/rustlib/$target/lib/.stamp" ]; then
    root=$CROSS_SYSROOT/$mode; break
  fi
done
[ -n "$root" ] || { echo "no standard library for $target: run std.sh ${modes%% *} $target" >&2; exit 1; }
# What the calling cargo tells its children is of another toolchain.
unset RUSTUP_TOOLCHAIN CARGO_ENCODED_RUSTFLAGS LD_LIBRARY_PATH
export PATH=/usr/bin:$PATH CARGO=/usr/bin/cargo RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc
export CARGO_BUILD_TARGET=$target
export RUSTFLAGS="--sysroot $root ${RUSTFLAGS:-}" RUSTDOCFLAGS="--sysroot $root ${RUSTDOCFLAGS:-}"
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER="$here/wine.sh"
# What is only looked at is not linked: C code in it is left out.
case $verb in check|clippy|doc) export TARGET_CC="$here/no-c.sh" TARGET_CXX="$here/no-c.sh" TARGET_AR="$here/no-c.sh" ;; esac
# cargo looks for its subcommands where rustup's are first: the right one is named.
if [ "$verb" = clippy ]; then exec /usr/bin/cargo-clippy clippy "$@"; fi
exec /usr/bin/cargo "$verb" "$@"
