"""What commands share: the way to the agent, printing, and one way to end with an error."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

import typer

from agent.config import BadConfig, Config, load
from agent.control_wire import AgentDown, AgentError, Client

EXIT_FAILED = 3
EXIT_WAITING = 4
EXIT_UNREACHABLE = 5

JSON = typer.Option("--json", help="Print JSON for programs.")


def config() -> Config:
    """The settings, or an error for the person."""
    try:
        return load()
    except BadConfig as error:
        fail(str(error))


def fail(text: str, next_step: str = "", code: int = 1) -> NoReturn:
    """Say what is wrong and what to do, and end."""
    typer.secho(text, fg=typer.colors.RED, err=True)
    if next_step:
        typer.echo(next_step, err=True)
    raise typer.Exit(code)


def connect(timeout: float | None = 30.0) -> Client:
    """The running agent, or an error for the person."""
    try:
        return Client(config().home.state, timeout)
    except AgentDown as error:
        fail(str(error), code=EXIT_UNREACHABLE)


def call(**request: Any) -> dict[str, Any]:
    """One request to the agent; its errors end the command."""
    try:
        with connect() as client:
            return client.call(**request)
    except AgentError as error:
        fail(str(error), error.next, exit_code(error.code))
    except (AgentDown, TimeoutError):
        fail("The agent does not answer.", "`deskhand status` shows how it is.", EXIT_UNREACHABLE)


def exit_code(code: str) -> int:
    """Exit code of an error of the agent."""
    return {"expired": EXIT_UNREACHABLE, "offline": EXIT_UNREACHABLE, "refused": EXIT_FAILED}.get(code, 1)


def print_json(value: object) -> None:
    """One JSON value on one line."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def interactive() -> bool:
    """Whether a person sits before it."""
    return sys.stdin.isatty() and sys.stdout.isatty()
