#!/usr/bin/env bash
# Builds the benchmarks, brings the peers into a folder of their own and runs the comparison.
# usage: Scripts/bench.sh [--quick] [WORD[,WORD…]]   a layer's name, or a part of a work's name
set -euo pipefail
cd "$(dirname "$0")/.."
quick=""
if [ "${1:-}" = "--quick" ]; then quick="--quick"; shift; fi
only="${1:-}"

# Only the layers asked for are built and get their peers; other words choose among all of them.
all="VolumeIO Windowing NeuralCore MLLMClients Evaluation"
layers=""
for layer in $all; do
  case ",$(printf '%s' "$only" | tr 'A-Z' 'a-z')," in
  *",$(printf '%s' "$layer" | tr 'A-Z' 'a-z'),"*) layers="$layers $layer" ;;
  esac
done
layers="${layers:-$all}"

peers="Benchmarks/.peers"
if [ ! -x "$peers/bin/python" ]; then
  echo "bench: making $peers for the peers"
  python3 -m venv "$peers"
fi
for layer in $layers; do
  name=$(printf '%s' "$layer" | tr 'A-Z' 'a-z')
  list="Benchmarks/peers/$name.txt"
  stamp="$peers/$name.installed"
  if [ -e "$list" ] && ! cmp -s "$list" "$stamp"; then
    echo "bench: installing peers of $layer"
    while read -r package; do
      case "$package" in ''|'#'*) continue ;; esac
      # A peer that cannot be installed is a row without a ratio, not the end of the run.
      "$peers/bin/python" -m pip install -q --disable-pip-version-check "$package" ||
        echo "bench: $package could not be installed; its rows will say so" >&2
    done <"$list"
    cp "$list" "$stamp"
  fi
done

# The clients are timed over their second transport as well, where its package can be had.
traits=()
case " $layers " in
*" MLLMClients "*)
  if swift package --package-path Benchmarks --traits AsyncHTTPClient resolve; then
    traits=(--traits AsyncHTTPClient)
    export ROENTGEN_BENCH_TRAITS=AsyncHTTPClient
  else
    echo "bench: async-http-client could not be had; its rows are left out" >&2
  fi ;;
esac

for layer in $layers; do
  swift build -c release --package-path Benchmarks ${traits[@]+"${traits[@]}"} \
    --product "${layer}Bench"
done
exec "$peers/bin/python" Benchmarks/run.py $quick ${only:+--only "$only"} \
  --binaries "$(swift build -c release --package-path Benchmarks --show-bin-path)"
