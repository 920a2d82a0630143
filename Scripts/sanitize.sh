#!/usr/bin/env bash
# The C kernels under the address and undefined-behaviour sanitizers, on every instruction set.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .build
work=$(mktemp -d .build/sanitize.XXXXXX)
trap 'rm -rf "$work"' EXIT
clang=clang
command -v clang >/dev/null 2>&1 || clang="$(dirname "$(readlink -f "$(command -v swift)")")/clang"
try() {
  "$clang" -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all "$@" \
    -ISources/CNeuralKernels/include Tests/CNeuralKernelsSanitize/main.c \
    Sources/CNeuralKernels/*.c -lm -lpthread -o "$work/driver" 2>"$work/log"
}
try -fuse-ld=lld || try || { cat "$work/log" >&2; echo "sanitize: does not build" >&2; exit 1; }
"$work/driver"
