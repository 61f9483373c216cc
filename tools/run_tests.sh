#!/usr/bin/env bash
# Runs each test where its code runs: the engine in .venv, what QGIS imports of it also in QGIS's Python, the interface in real QGIS under Xvfb.
set -uo pipefail
cd "$(dirname "$0")/.."

unset PYTHONPATH PYTHONHOME VIRTUAL_ENV
export LC_ALL=C.UTF-8 PYTHONNOUSERSITE=1 QT_QPA_PLATFORM=xcb
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
export XDG_RUNTIME_DIR="$temporary"                # a container has none, and Qt complains
export QGIS_CUSTOM_CONFIG_PATH="$temporary/qgis"   # a QGIS profile that is nobody's

failed=()
tests() {
  local title=$1
  shift
  printf '\n%s\n' "$title"
  "$@" || failed+=("$title")
}

tests "The engine, in .venv" .venv/bin/python -m pytest tests --ignore=tests/ui
tests "What QGIS imports of it, in QGIS's Python" .venv-qgis/bin/python -m pytest tests/core/mlm tests/core/worker
tests "The interface, in QGIS" xvfb-run --auto-servernum --server-args "-screen 0 1920x1200x24" \
  sh -c 'openbox >/dev/null 2>&1 & exec "$@"' - .venv-qgis/bin/python -m pytest tests/ui

if [ ${#failed[@]} -gt 0 ]; then
  printf '\nFailed: %s\n' "${failed[@]}" >&2
  exit 1
fi
