#!/bin/sh
# Takes away from a folder of modules what nothing loads: types, source maps, sources and tests of packages, and what is there to be
# read. Licences stay.
set -eu
find "$1" -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -name '*.md' \
  -o -name '*.markdown' -o -name '*.tsbuildinfo' \) ! -iname 'licen[cs]e*' -delete
find "$1" -type d \( -name test -o -name tests -o -name __tests__ -o -name docs -o -name examples -o -name benchmarks \) \
  -prune -exec rm -rf {} +
rm -rf "$1/zod/src"
find "$1" -type d -empty -delete
