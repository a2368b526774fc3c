#!/bin/sh
# Brings what the tests need beside Python and Node: Chromium, Caddy and, on Linux, `ip` for network namespaces.
# Stops with the one command to run where it may not install; returns at once where all is there.
set -eu

bin=$(cd "$(dirname "$0")/../../.venv/bin" && pwd)
PATH=$bin:$PATH:/usr/sbin:/sbin

has() { command -v "$1" >/dev/null 2>&1; }

# Installs with apt where this user may: as root, or by a sudo that asks no password. The package lists of a fresh
# machine are empty or old, so they are fetched before the first package.
updated=no
apt() {
    has apt-get || return 1
    if [ "$(id -u)" = 0 ]; then sudo=; elif sudo -n true 2>/dev/null; then sudo="sudo -n"; else return 1; fi
    if [ $updated = no ]; then $sudo apt-get update -qq && updated=yes; fi
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >/dev/null
}

stop() {
    if has brew; then command="brew install $1"; else command="sudo apt-get install $1"; fi
    printf 'The tests need %s. Install it with\n    %s\n' "$1" "$command" >&2
    exit 1
}

if ! has chromium; then
    apt install --no-install-recommends chromium || playwright install chromium || stop chromium
fi

# Only Caddy's program is wanted: it is taken out of the package, so that no service starts.
if ! has caddy; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    cd "$folder"
    apt download caddy 2>/dev/null && dpkg-deb -x caddy_*.deb . && cp usr/bin/caddy "$bin/caddy" || stop caddy
fi

if [ "$(uname)" = Linux ] && ! has ip; then
    apt install --no-install-recommends iproute2 || stop iproute2
fi
