#!/usr/bin/env bash
# Sees that QGIS and what its tests need are installed; on Debian and its relatives installs what is missing.
set -euo pipefail

packages=(
  git                # the checkout's file list: what ships is what is tracked
  qgis               # the desktop, and qgis_process
  qgis-providers     # GDAL raster layers in qgis_process and in tests
  python3-qgis       # QGIS in Python
  python3-venv       # the two environments of the checkout
  xvfb xauth         # a display for tests, and the key that xvfb-run makes for it
  openbox            # gives windows focus under Xvfb, as on a desktop
  fonts-dejavu-core  # letters on screenshots
)

if ! command -v dpkg-query >/dev/null; then
  for tool in "${PYTHON:-python3}" xvfb-run qgis_process; do
    command -v "$tool" >/dev/null && continue
    echo "'$tool' is missing, and this system has no apt to install it with: install QGIS 3.22 or newer with its Python bindings, Python's venv and Xvfb." >&2
    exit 1
  done
  exit 0
fi

installed=$(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null || true)
missing=()
for package in "${packages[@]}"; do
  grep -qx "installed $package" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "These Debian packages are missing: ${missing[*]}. Install them as root: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "Installing with apt: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null
