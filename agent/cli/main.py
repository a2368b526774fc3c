"""All commands and their options; the work is in the modules beside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.shared import JSON

app = typer.Typer(
    name="deskhand",
    help="A hand at your desk: give work from your phone to an agent on this computer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
ask_app = typer.Typer(no_args_is_help=True, help="What the agent asks you: list, approve, deny, answer.")
devices_app = typer.Typer(no_args_is_help=True, help="Phones and browsers of your thread: list, remove.")
agent_app = typer.Typer(no_args_is_help=True, help="Start or stop the agent while `deskhand up` runs.")
tasks_app = typer.Typer(help="Tasks: list them, or wait for one.", invoke_without_command=True)
app.add_typer(ask_app, name="ask")
app.add_typer(devices_app, name="devices")
app.add_typer(agent_app, name="agent")
app.add_typer(tasks_app, name="tasks")

TaskId = Annotated[str, typer.Argument(help="The task's id, or its beginning.")]
AskId = Annotated[str, typer.Argument(help="The ask's id, or its beginning.")]


@app.command()
def up(
    host: Annotated[str, typer.Option(help="Address the relay listens on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the relay; 0 takes a free one.")] = 8440,
    folder: Annotated[list[Path] | None, typer.Option(help="One more folder the agent may use.")] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the page here.")] = False,
    tailscale: Annotated[bool, typer.Option("--tailscale", help="Reach it from your phone over Tailscale.")] = False,
) -> None:
    """Start relay and agent here, in the foreground; Ctrl-C ends both."""
    from agent.cli.up import run_up

    run_up(host, port, folder or [], browser=not no_browser, tailscale=tailscale)


@app.command()
def setup(
    relay: Annotated[str, typer.Option(help="Address of your relay, https://…")],
    name: Annotated[str | None, typer.Option(help="How your phone calls this computer.")] = None,
    invite: Annotated[str | None, typer.Option(help="Invitation of the relay, where it wants one.")] = None,
) -> None:
    """Use a relay on another host instead of one on this computer."""
    from agent.cli.setup import run_setup

    run_setup(relay, name, invite)


@app.command()
def pair(
    print_link: Annotated[
        bool, typer.Option("--print-link", help="Only print the link, and read the six digits from stdin.")
    ] = False,
) -> None:
    """Pair a phone or browser: shows a code to scan, then asks for the six digits it shows."""
    from agent.cli.pair import run_pair

    run_pair(print_link=print_link)


@app.command("open")
def open_page(
    print_link: Annotated[bool, typer.Option("--print-link", help="Print the link instead of opening it.")] = False,
) -> None:
    """Open the thread in a browser on this computer; it pairs by itself."""
    from agent.cli.pair import run_open

    run_open(print_link=print_link)


@app.command()
def send(
    text: Annotated[str, typer.Argument(help="What is to be done.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is done or needs you.")] = False,
    as_json: Annotated[bool, JSON] = False,
    timeout: Annotated[float | None, typer.Option(help="Wait at most so many seconds.")] = None,
    attach: Annotated[list[Path] | None, typer.Option(help="Send a file along.")] = None,
    out: Annotated[Path | None, typer.Option(help="Also copy the result's files here.")] = None,
) -> None:
    """Give work, as from the phone."""
    from agent.cli.send import run_send

    run_send(text, wait=wait, as_json=as_json, timeout=timeout, attach=attach or [], out=out)


@app.command()
def log(
    as_json: Annotated[bool, JSON] = False,
    after: Annotated[int, typer.Option(help="Only entries after this number.")] = 0,
) -> None:
    """Print the thread."""
    from agent.cli.show import run_log

    run_log(after, as_json=as_json)


@app.command()
def chat() -> None:
    """Go on with the thread here: type, and see what happens live."""
    from agent.cli.chat import run_chat

    run_chat()


@tasks_app.callback()
def tasks(context: typer.Context, as_json: Annotated[bool, JSON] = False) -> None:
    """List the tasks."""
    if context.invoked_subcommand is None:
        from agent.cli.show import run_tasks

        run_tasks(as_json=as_json)


@tasks_app.command("wait")
def tasks_wait(
    task: TaskId,
    as_json: Annotated[bool, JSON] = False,
    timeout: Annotated[float | None, typer.Option(help="Wait at most so many seconds.")] = None,
) -> None:
    """Wait for a task and print what `send --wait` would have printed."""
    from agent.cli.send import run_wait

    run_wait(task, as_json=as_json, timeout=timeout)


@tasks_app.command("stop")
def tasks_stop(task: TaskId) -> None:
    """Stop a task; `all` stops everything."""
    from agent.cli.shared import call

    call(op="stop", task=task, all=task == "all")


@ask_app.command("list")
def ask_list(as_json: Annotated[bool, JSON] = False) -> None:
    """List what waits for you."""
    from agent.cli.show import run_asks

    run_asks(as_json=as_json)


@ask_app.command("approve")
def ask_approve(
    ask: AskId,
    scope: Annotated[str | None, typer.Option(help="once, task or always, as the ask offers.")] = None,
) -> None:
    """Allow exactly this action."""
    from agent.cli.shared import call

    call(op="answer", ask=ask, verdict="approve", scope=scope)


@ask_app.command("deny")
def ask_deny(ask: AskId, reason: Annotated[str | None, typer.Option(help="Why; the agent reads it.")] = None) -> None:
    """Do not allow it."""
    from agent.cli.shared import call

    call(op="answer", ask=ask, verdict="deny", reason=reason)


@ask_app.command("answer")
def ask_answer(ask: AskId, text: Annotated[str, typer.Argument(help="Your answer.")]) -> None:
    """Answer a question; for an interrupted step: check, again or skip."""
    from agent.cli.shared import call

    call(op="answer", ask=ask, verdict="text", text=text)


@app.command()
def undo(task: TaskId, as_json: Annotated[bool, JSON] = False) -> None:
    """Take back a task's file changes."""
    from agent.cli.show import run_undo

    run_undo(task, as_json=as_json)


@devices_app.command("list")
def devices_list(as_json: Annotated[bool, JSON] = False) -> None:
    """List the devices of your thread."""
    from agent.cli.show import run_devices

    run_devices(as_json=as_json)


@devices_app.command("remove")
def devices_remove(
    device: Annotated[str, typer.Argument(help="The device's id.")], as_json: Annotated[bool, JSON] = False
) -> None:
    """Remove a device and change the thread's key."""
    from agent.cli.shared import call, print_json

    removed = call(op="remove_device", device=device)
    if as_json:
        print_json(removed)


@app.command()
def status(as_json: Annotated[bool, JSON] = False) -> None:
    """Show how relay, agent and thread are."""
    from agent.cli.show import run_status

    run_status(as_json=as_json)


@app.command()
def doctor(as_json: Annotated[bool, JSON] = False) -> None:
    """Find what is broken, and say what mends it."""
    from agent.cli.doctor import run_doctor

    run_doctor(as_json=as_json)


@agent_app.command("start")
def agent_start() -> None:
    """Let the agent run again."""
    from agent.cli.up import start_agent

    start_agent()


@agent_app.command("stop")
def agent_stop() -> None:
    """End the agent; what is sent meanwhile waits."""
    from agent.cli.up import stop_agent

    stop_agent()


@agent_app.command("run", hidden=True)
def agent_run(
    relay_url: Annotated[str, typer.Option()],
    public_url: Annotated[str, typer.Option()],
    folder: Annotated[list[Path] | None, typer.Option()] = None,
    ready_fd: Annotated[int | None, typer.Option()] = None,
) -> None:
    """Run the agent in this process; `deskhand up` does it."""
    from agent.cli.up import run_agent_here

    run_agent_here(relay_url, public_url, folder or [], ready_fd)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def relay(context: typer.Context) -> None:
    """Run a relay: `deskhand relay serve --help` shows how."""
    import os
    import sys

    os.execv(sys.executable, [sys.executable, "-m", "relay", *context.args])  # noqa: S606 - our own module
