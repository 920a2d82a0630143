#!/usr/bin/env bash
# Installs what the build needs and is missing: libpng and zlib (and python3's venv with --python).
# Says what it does, asks nothing, does nothing when all is there.
set -euo pipefail

want_python=no
[ "${1:-}" = "--python" ] && want_python=yes

if ! command -v swift >/dev/null 2>&1; then
  echo "install: no 'swift' on the PATH; install Swift 6.2 or newer (https://swift.org/install)" >&2
  exit 69
fi

case "$(uname -s)" in
Darwin)
  missing=()
  for formula in libpng pkg-config; do
    brew list --versions "$formula" >/dev/null 2>&1 || missing+=("$formula")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    command -v brew >/dev/null 2>&1 || { echo "install: needs Homebrew for: ${missing[*]}" >&2; exit 69; }
    echo "install: brew install ${missing[*]}"
    brew install "${missing[@]}"
  fi
  ;;
Linux)
  missing=()
  has_header() { echo "#include <$1>" | cc -E -x c - >/dev/null 2>&1 || echo "#include <$1>" | clang -E -x c - >/dev/null 2>&1; }
  has_header png.h || missing+=(libpng-dev)
  has_header zlib.h || missing+=(zlib1g-dev)
  command -v pkg-config >/dev/null 2>&1 || missing+=(pkg-config)
  if [ "$want_python" = yes ]; then
    python3 -c 'import venv, ensurepip' >/dev/null 2>&1 || missing+=(python3-venv)
  fi
  if [ ${#missing[@]} -gt 0 ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
      echo "install: please install ${missing[*]} (or your system's names for them)" >&2
      exit 69
    fi
    sudo=""
    if [ "$(id -u)" -ne 0 ]; then
      command -v sudo >/dev/null 2>&1 || { echo "install: needs root or sudo for: ${missing[*]}" >&2; exit 77; }
      sudo="sudo"
    fi
    echo "install: apt-get install ${missing[*]}"
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  fi
  ;;
*)
  echo "install: $(uname -s) is not a system that this suite is built on" >&2
  exit 69
  ;;
esac
