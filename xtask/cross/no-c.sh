#!/usr/bin/env bash
# Stands in for a C compiler and an archiver where nothing will be linked: it leaves empty files.
# Type-checking for another system then needs no C compiler for it, whatever a build script compiles.
set -euo pipefail
while [ $# -gt 0 ]; do
  case $1 in
    -o) : >"$2"; shift ;;
    *.a) : >"$1" ;;
  esac
  shift
done
