"""`deskhand pair` and `deskhand open`."""

from __future__ import annotations

import sys
import webbrowser
from urllib.parse import urlsplit

import typer

from agent.cli.shared import EXIT_FAILED, EXIT_UNREACHABLE, connect, exit_code, fail, interactive
from agent.control_wire import AgentDown, AgentError

PAIRING_S = 660.0
DIGITS = 6


def run_pair(*, print_link: bool) -> None:
    """Show the link, then take the digits."""
    try:
        with connect(PAIRING_S) as client:
            client.send(op="pair", open=False)
            for answer in client.lines():
                if "link" in answer:
                    _show_link(answer["link"], bare=print_link)
                elif "device" in answer:
                    client.send(digits=_read_digits(answer["device"]))
            typer.echo(f"Paired: {client.result['paired']}")
    except AgentError as error:
        fail(str(error), error.next, exit_code(error.code))
    except (AgentDown, TimeoutError):
        fail("The agent does not answer any more.", "Start again with `deskhand pair`.", EXIT_UNREACHABLE)
    except KeyboardInterrupt:
        fail("Nothing was paired.", code=EXIT_FAILED)


def run_open(*, print_link: bool) -> None:
    """Pair a browser of this computer without digits: the link does not leave it."""
    try:
        with connect(PAIRING_S) as client:
            client.send(op="pair", open=True)
            for answer in client.lines():
                if "link" in answer and (print_link or not webbrowser.open(answer["link"])):
                    typer.echo(answer["link"])
                    sys.stdout.flush()
    except AgentError as error:
        fail(str(error), error.next, exit_code(error.code))
    except (AgentDown, TimeoutError):
        fail("The agent does not answer any more.", "Start again with `deskhand open`.", EXIT_UNREACHABLE)


def _show_link(link: str, *, bare: bool) -> None:
    if bare:
        typer.echo(link)
        sys.stdout.flush()
        return
    import segno

    typer.echo("Scan this with your phone's camera, or open the link there. It works once, for ten minutes.\n")
    segno.make(link, error="l").terminal(compact=True)
    typer.echo(f"\n{link}\n")
    parts = urlsplit(link)
    if parts.scheme == "http":
        typer.echo(
            "This address is only good for a browser on this very computer. A phone needs https: use\n"
            "`deskhand up --tailscale`, or a relay with a name of its own (`deskhand setup --relay https://…`).\n"
        )


def _read_digits(device: str) -> str:
    if interactive():
        typer.echo(f"“{device}” asks to join.")
        while True:
            typed = str(typer.prompt("Type the six digits it shows"))
            if len([char for char in typed if char.isdigit()]) == DIGITS:
                return typed
            typer.echo("That is not six digits.")
    typer.echo(f"device: {device}", err=True)
    return sys.stdin.readline().strip()
