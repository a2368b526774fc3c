"""`deskhand doctor`: goes along the way of a message and names the first hop that is broken, and what mends it."""

from __future__ import annotations

import email.utils
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import typer

from agent.cli.shared import EXIT_FAILED, config, print_json
from agent.cli.up import read_pids
from agent.config import Config
from agent.control_wire import AgentDown, AgentError, Client

RELAY_S = 10
CLOCK_SKEW_S = 120


@dataclass(frozen=True, slots=True)
class Finding:
    """One hop: whether it works, what was found, and what to do where it does not."""

    hop: str
    ok: bool
    found: str
    mend: str = ""


def run_doctor(*, as_json: bool) -> None:
    """Check every hop; exit 3 where one is broken."""
    findings = list(_examine(config()))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            mark = typer.style("ok ", fg="green") if finding.ok else typer.style("bad", fg="red")
            typer.echo(f"{mark}  {finding.hop:<8} {finding.found}")
            if not finding.ok:
                typer.echo(f"              {finding.mend}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(EXIT_FAILED)


def _examine(settings: Config) -> Iterator[Finding]:
    yield from _folders(settings)
    yield _brain(settings)
    url = settings.relay_url or read_pids(settings.home.state).get("url")
    if url is None:
        yield Finding("relay", False, "No relay runs here, and none is set up elsewhere.", "Start it: `deskhand up`.")
    else:
        yield _relay(url)
    yield from _agent(settings)


def _folders(settings: Config) -> Iterator[Finding]:
    for folder in settings.folders:
        usable = folder.is_dir() and os.access(folder, os.R_OK | os.W_OK)
        mend = (
            f"Make it, or take it out of {settings.home.config}."
            if not folder.is_dir()
            else "Give yourself the right to write there."
        )
        yield Finding("folder", usable, str(folder) + ("" if usable else " cannot be used."), mend)


def _brain(settings: Config) -> Finding:
    if settings.rehearsal:
        return Finding("brain", True, "rehearsal (set ANTHROPIC_API_KEY for a language model)")
    return Finding("brain", True, settings.model + (f" at {settings.base_url}" if settings.base_url else ""))


def _relay(url: str) -> Finding:
    started = time.time()
    try:
        with urlopen(f"{url}/v1/challenge", timeout=RELAY_S) as answer:  # noqa: S310 - our own relay's address
            is_relay = "nonce" in json.loads(answer.read())
            date = email.utils.parsedate_to_datetime(answer.headers["date"]) if answer.headers["date"] else None
    except (URLError, TimeoutError, OSError) as error:
        reason = getattr(error, "reason", error)
        return Finding("relay", False, f"{url} does not answer: {reason}.", "Is it running, and is the network there?")
    except ValueError:
        is_relay, date = False, None
    if not is_relay:
        return Finding(
            "relay", False, f"What answers at {url} is not a Deskhand relay.", "Check the address in the settings."
        )
    skew = abs(date.timestamp() - started) if date is not None else 0
    if skew > CLOCK_SKEW_S:
        return Finding(
            "relay", False, f"Its clock and this computer's differ by {skew:.0f} s.", "Set both to network time."
        )
    return Finding("relay", True, f"{url} answered in {(time.time() - started) * 1000:.0f} ms")


def _agent(settings: Config) -> Iterator[Finding]:
    try:
        with Client(settings.home.state, RELAY_S) as client:
            status = client.call(op="status")
        with Client(settings.home.state, RELAY_S) as client:
            devices = client.call(op="devices")["devices"]
    except (AgentDown, TimeoutError, AgentError):
        held = settings.home.held.exists()
        mend = "Start it: `deskhand agent start`." if held else "Start it: `deskhand up`."
        yield Finding("agent", False, "It was stopped." if held else "It is not running.", mend)
        return
    yield Finding("agent", True, f"running, process {status['agent']['pid']}; keys in {status['keys']}")
    yield _thread(status)
    phones = sum(1 for device in devices if device["role"] == "client" and not device["removed"])
    yield Finding("devices", True, f"{phones} paired" if phones else "none paired yet: `deskhand pair`")


def _thread(status: dict[str, Any]) -> Finding:
    relay, thread = status["relay"], status["thread"]
    if status["agent"]["state"] == "frozen":
        mend = "Nothing newer is shown or run. Restore the relay's data from before, or ask whoever runs it."
        return Finding("thread", False, f"held: {status['agent'].get('reason') or relay['reason']}", mend)
    if relay["state"] != "connected":
        return Finding(
            "thread", False, f"{relay['state']}: {relay['reason']}", relay.get("next") or "It tries again by itself."
        )
    return Finding("thread", True, f"{thread['seq']} entries, verified")
