#!/usr/bin/env bash
# Builds the standard library for foreign targets from the system's sources, with the system's rustc,
# both of one version. No network, and no linker.
#   usage: std.sh check|full TARGET...
# check: metadata, for cargo check and clippy (any target that rustc knows; about a minute each)
# full:  libraries, to link and run with (two minutes and more; windows-gnu needs mingw's dlltool)
# $STD_RUSTFLAGS: more flags for it; such a library wants a $CROSS_SYSROOT of its own.
# They are kept in $CROSS_SYSROOT until rustc or this script changes.
set -euo pipefail
mode=$1; shift
case $mode in
  check) verb=check ending=rmeta ;;
  full) verb=build ending=rlib ;;
  *) echo "unknown mode $mode" >&2; exit 2 ;;
esac
CROSS_SYSROOT=${CROSS_SYSROOT:-$HOME/.cache/rust-cross}
rustc=/usr/bin/rustc cargo=/usr/bin/cargo
system=$($rustc --print sysroot)
sources=$system/lib/rustlib/src/rust/library
stamp=$($rustc -vV | cat - "$0" | sha256sum | cut -c1-16)
[ -f "$sources/Cargo.lock" ] || { echo "no sources of the standard library at $sources" >&2; exit 1; }
root=$CROSS_SYSROOT/$mode
mkdir -p "$root/lib/rustlib"
# One at a time, in one place: cargo hashes the path into every crate's identity.
exec 9>"$CROSS_SYSROOT/.lock"; flock 9
# The host's own library, by link, so that one --sysroot serves the target and, in macros, the host.
host=$($rustc -vV | sed -n 's/^host: //p')
case " $* " in
  *" $host "*) ;;
  *) ln -sfn "$system/lib/rustlib/$host" "$root/lib/rustlib/$host" ;;
esac

work=$CROSS_SYSROOT/.work
for target in "$@"; do
  into=$root/lib/rustlib/$target/lib
  if [ "$(cat "$into/.stamp" 2>/dev/null)" = "$stamp" ]; then continue; fi
  echo "building the standard library for $target ($mode)"
  rm -rf "$work"; mkdir -p "$work/.cargo"; cd "$work"
  # A copy in which it is a plain library: as a shared one it would need a linker.
  cp -rL "$sources" library; copy=$work/library
  sed -i 's/^crate-type = .*/crate-type = ["rlib"]/' "$copy/std/Cargo.toml"
  # A stand-in package: the library's own workspace wants dependencies that its sources leave out.
  : >lib.rs
  cat >Cargo.toml <<T
cargo-features = ["profile-rustflags"]
[package]
name = "stand-in"
version = "0.0.0"
edition = "2021"
[lib]
path = "lib.rs"
[dependencies.sysroot]
path = "library/sysroot"
default-features = false
features = ["panic-unwind", "backtrace", "compiler-builtins-mem"]
[patch.crates-io]
rustc-std-workspace-core  = { path = "library/rustc-std-workspace-core" }
rustc-std-workspace-alloc = { path = "library/rustc-std-workspace-alloc" }
rustc-std-workspace-std   = { path = "library/rustc-std-workspace-std" }
[profile.release.package.panic_abort]
rustflags = ["-Cpanic=abort"]
[profile.release.package.compiler_builtins]
codegen-units = 10000
T
  cat >.cargo/config.toml <<T
[source.crates-io]
replace-with = "vendored"
[source.vendored]
directory = "$copy/vendor"
T
  flags="-Zforce-unstable-if-unmarked -Cdebuginfo=0 -Cembed-bitcode=yes --cap-lints=allow ${STD_RUSTFLAGS:-}"
  env -u CARGO_ENCODED_RUSTFLAGS -u CARGO_BUILD_TARGET -u RUSTC_WRAPPER -u RUSTC_WORKSPACE_WRAPPER \
    RUSTC="$rustc" RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$work/target" \
    __CARGO_DEFAULT_LIB_METADATA=cross-sysroot RUSTFLAGS="$flags --remap-path-prefix=$copy=/std" \
    "$cargo" "$verb" -q --offline --release -p sysroot --target "$target"
  rm -rf "$into"; mkdir -p "$into"
  cp target/"$target"/release/deps/lib*."$ending" "$into/"
  rm -f "$into"/libsysroot-*
  if [ "$mode" = full ] && [[ $target == *-windows-gnu ]]; then
    for object in rsbegin rsend; do # named by the target's link line
      RUSTC_BOOTSTRAP=1 "$rustc" --target "$target" --crate-type=lib --emit=obj \
        -o "$into/$object.o" "$copy/rtstartup/$object.rs"
    done
  fi
  echo "$stamp" >"$into/.stamp"
  cd /; rm -rf "$work"
done
