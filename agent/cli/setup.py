"""`deskhand setup`: name a relay on another host."""

from __future__ import annotations

import json
import ssl
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import typer

from agent.cli.shared import EXIT_UNREACHABLE, config, fail
from agent.config import save

PROBE_S = 10


def run_setup(relay: str, name: str | None, invite: str | None) -> None:
    """Check the relay and remember it."""
    url = relay.rstrip("/")
    parts = urlsplit(url)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
        fail("That is not the address of a relay.", "Give it like https://relay.example.org, without a path.")
    if parts.scheme == "http" and not local:
        fail(
            "A phone cannot use a relay without https: its browser gives no keys, no worker and no push there.",
            "Put Caddy before the relay (deploy/README.md), or use `deskhand up --tailscale`.",
        )
    settings = config()
    if settings.relay_url not in {None, url} and settings.home.database.exists():
        fail(
            f"This computer's thread lives at {settings.relay_url}.",
            "Stop Deskhand, move the relay's data there, then change `relay` in " + str(settings.home.config),
        )
    _probe(url)
    values = {"relay": url, **({"name": name} if name else {}), **({"invite": invite} if invite else {})}
    save(settings.home, **values)
    typer.echo(f"This computer uses the relay {url}.")
    typer.echo("Next: `deskhand up`, and in another terminal `deskhand pair`.")


def _probe(url: str) -> None:
    """End with an error unless a relay answers there."""
    try:
        with urlopen(f"{url}/v1/challenge", timeout=PROBE_S) as answer:  # noqa: S310 - http(s) was checked
            nonce = json.loads(answer.read()).get("nonce")
    except (URLError, TimeoutError, ssl.SSLError) as error:
        reason = getattr(error, "reason", error)
        fail(f"No relay answers at {url}: {reason}.", "Is it running, and is the name right?", EXIT_UNREACHABLE)
    except (ValueError, AttributeError):
        nonce = None
    if not nonce:
        fail(f"What answers at {url} is not a Deskhand relay.", "Check the address.", EXIT_UNREACHABLE)
