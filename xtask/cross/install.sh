#!/usr/bin/env bash
# Installs what the other scripts here need, on Debian 12 or later, as root. Rust toolchains of rustup
# stay as they are: /usr/bin/{rustc,cargo,cargo-clippy} are only called by these names.
#   usage: install.sh base|windows...
#   base     rustc, cargo, clippy and the standard library's sources, all of one version: 150 MB
#   windows  a C compiler for Windows, to link; Wine, to run: 160 MB
set -euo pipefail
packages=()
for group in "$@"; do
  case $group in
    base) packages+=(rustc-web cargo-web rust-web-src rust-web-clippy) ;;
    windows) packages+=(binutils-mingw-w64-x86-64 gcc-mingw-w64-x86-64-win32 wine64) ;;
    *) echo "unknown group $group" >&2; exit 2 ;;
  esac
done
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >/dev/null
apt-get install -y -q --no-install-recommends "${packages[@]}" >/dev/null
