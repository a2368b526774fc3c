"""Three hosts on one machine, each a network namespace of its own: relay (behind the real Caddy), desk, phone.

The relay's host has one address, 10.77.0.1, and a cable to each of the others; nothing else can be reached.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.story.home import eventually

RELAY = "10.77.0.1"
URL = f"https://{RELAY}"
REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Network:
    """Names of the three namespaces."""

    relay: str
    desk: str
    phone: str

    @staticmethod
    def within(namespace: str) -> list[str]:
        """What to put before a command that runs there."""
        return [*_root(), "ip", "netns", "exec", namespace]


def _root() -> list[str]:
    return [] if os.getuid() == 0 else ["sudo", "-n"]


def _ip(*arguments: str) -> None:
    subprocess.run([*_root(), "ip", *arguments], check=True, capture_output=True)


def need_namespaces() -> None:
    """Skip where this system has none, and say why."""
    if sys.platform != "linux":
        pytest.skip("network namespaces are Linux's")
    if os.getuid() != 0 and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode:
        pytest.skip("network namespaces need root, or a sudo that asks no password")


@contextmanager
def network() -> Iterator[Network]:
    """The three hosts while the context lasts."""
    name = f"dh{os.getpid()}"
    hosts = Network(f"{name}relay", f"{name}desk", f"{name}phone")
    try:
        for host in (hosts.relay, hosts.desk, hosts.phone):
            _ip("netns", "add", host)
            _ip("-n", host, "link", "set", "lo", "up")
        _ip("-n", hosts.relay, "addr", "add", f"{RELAY}/32", "dev", "lo")
        for number, host in enumerate((hosts.desk, hosts.phone), 1):
            here, there = f"v{os.getpid()}{number}a", f"v{os.getpid()}{number}b"
            _ip("link", "add", here, "netns", hosts.relay, "type", "veth", "peer", "name", there, "netns", host)
            for where, cable, address in ((hosts.relay, here, 1), (host, there, 2)):
                _ip("-n", where, "addr", "add", f"10.77.{number}.{address}/24", "dev", cable)
                _ip("-n", where, "link", "set", cable, "up")
            _ip("-n", host, "route", "add", RELAY, "via", f"10.77.{number}.1")
        yield hosts
    finally:
        for host in (hosts.relay, hosts.desk, hosts.phone):
            subprocess.run([*_root(), "ip", "netns", "del", host], check=False, capture_output=True)


@contextmanager
def relay_behind_caddy(folder: Path, hosts: Network) -> Iterator[Path]:
    """The relay and Caddy with the Caddyfile we ship; gives the certificate of Caddy's own authority."""
    folder.mkdir()
    env = {
        **os.environ,
        "DESKHAND_RELAY_ORIGINS": URL,
        "DESKHAND_RELAY_DATA_DIR": str(folder / "data"),
        "XDG_DATA_HOME": str(folder / "caddy"),
        "XDG_CONFIG_HOME": str(folder / "caddy-config"),
    }
    caddyfile = str(REPOSITORY / "deploy" / "Caddyfile")
    commands = [
        [sys.executable, "-m", "relay", "serve"],
        [shutil.which("caddy") or "caddy", "run", "--adapter", "caddyfile", "--config", caddyfile],
    ]
    processes = []
    authority = folder / "caddy" / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    with (folder / "log").open("wb") as log:
        try:
            for command in commands:
                there = [*hosts.within(hosts.relay), *command]
                processes.append(subprocess.Popen(there, env=env, stdout=log, stderr=log, cwd=folder))
            eventually(authority.exists, f"Caddy has made its authority; see {folder / 'log'}")
            eventually(lambda: _answers(hosts, authority), f"the relay answers; see {folder / 'log'}")
            yield authority
        finally:
            for process in processes:
                process.terminate()
                process.wait(10)


def _answers(hosts: Network, authority: Path) -> bool:
    code = f"import urllib.request as r; r.urlopen('{URL}/healthz', timeout=2)"
    env = {**os.environ, "SSL_CERT_FILE": str(authority)}
    command = [*hosts.within(hosts.desk), sys.executable, "-c", code]
    return subprocess.run(command, env=env, capture_output=True, check=False).returncode == 0


def fingerprint(authority: Path) -> str:
    """SHA-256 of an authority's public key in base64, as Chromium wants a certificate named that a server sends."""
    import base64
    import hashlib

    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = x509.load_pem_x509_certificate(authority.read_bytes()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()
