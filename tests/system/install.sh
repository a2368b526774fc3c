#!/bin/sh
# Brings what the tests need beside Python and Node: Chromium, Caddy and, on Linux, `ip` for network namespaces.
# Stops with the one command to run where it may not install; returns at once where all is there.
set -eu

bin=$(cd "$(dirname "$0")/../../.venv/bin" && pwd)
PATH=$bin:$PATH:/usr/sbin:/sbin

has() { command -v "$1" >/dev/null 2>&1; }

stop() {
    echo "The tests need $1. Install it with" >&2
    echo "    $2" >&2
    exit 1
}

# What to put before apt-get so that it may install: nothing for root, sudo where it asks no password.
if ! has apt-get; then root=none
elif [ "$(id -u)" = 0 ]; then root=
elif has sudo && sudo -n true 2>/dev/null; then root="sudo -n"
else root=none
fi

# Package lists of a fresh machine are empty or old: fetched once, before the first package.
updated=
apt() {
    [ -n "$updated" ] || $root apt-get update -qq
    updated=yes
    $root env DEBIAN_FRONTEND=noninteractive apt-get "$@" >/dev/null
}

if ! has chromium && ! ls -d "${PLAYWRIGHT_BROWSERS_PATH:-$HOME/.cache/ms-playwright}"/chromium-* \
    "$HOME"/Library/Caches/ms-playwright/chromium-* >/dev/null 2>&1; then
    echo "installing Chromium for the tests"
    if [ "$root" = none ] || ! apt install -qq --no-install-recommends chromium; then
        playwright install chromium || stop Chromium "sudo apt-get install chromium"
    fi
fi

# Only Caddy's program is wanted: unpacked, not installed, so that no service starts.
if ! has caddy; then
    echo "fetching Caddy for the tests"
    [ "$root" != none ] || stop Caddy "$(has brew && echo brew install caddy || echo sudo apt-get install caddy)"
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    (cd "$folder" && apt download -qq caddy 2>/dev/null && dpkg-deb -x caddy_*.deb .)
    cp "$folder/usr/bin/caddy" "$bin/caddy"
fi

if [ "$(uname)" = Linux ] && ! has ip; then
    echo "installing iproute2 for the tests"
    [ "$root" != none ] || stop iproute2 "sudo apt-get install iproute2"
    apt install -qq --no-install-recommends iproute2
fi
