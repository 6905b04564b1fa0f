#!/usr/bin/env bash
# Runs a Windows program under Wine, without a display, in a prefix of its own (made at first use).
# Wine 8 lacks one library from which Rust's standard library takes random numbers: a stand-in of the
# one function is compiled into the prefix.
set -euo pipefail
export WINEPREFIX=${WINEPREFIX:-${CROSS_SYSROOT:-$HOME/.cache/rust-cross}/wine}
export WINEDEBUG=${WINEDEBUG:--all} WINEARCH=win64 DISPLAY=
export WINEDLLOVERRIDES="mscoree=;mshtml=;winemenubuilder.exe="
wine=/usr/lib/wine/wine64
library=$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll
if [ ! -f "$library" ]; then
  mkdir -p "$WINEPREFIX"
  (
    flock 9
    [ -f "$library" ] && exit 0
    "$wine" wineboot -i >/dev/null 2>&1 </dev/null
    "$wine" winecfg -v win10 >/dev/null 2>&1 </dev/null || true # a fresh prefix says Windows 7
    folder=$(mktemp -d)
    cat >"$folder/stand-in.c" <<'C'
#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *p, SIZE_T n) { return RtlGenRandom(p, (ULONG)n); }
C
    x86_64-w64-mingw32-gcc -O2 -shared -s -nostartfiles -Wl,-e0 -o "$folder/stand-in.dll" \
      "$folder/stand-in.c" -ladvapi32
    mv "$folder/stand-in.dll" "$library"; rm -rf "$folder"
  ) 9>"$WINEPREFIX.lock"
fi
exec "$wine" "$@"
