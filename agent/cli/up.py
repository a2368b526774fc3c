"""`deskhand up`: starts relay and agent as processes of their own and keeps them running."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from agent.cli.ending import Ending
from agent.cli.shared import EXIT_UNREACHABLE, config, fail
from agent.config import Config
from agent.control_wire import AgentDown, Client

RESTART_S = 0.5
STOP_S = 2.0
READY_S = 60.0
POLL_S = 0.2


class Child:
    """A process that is started again when it dies, unless it is held.

    It is told ``--ready-fd N`` and writes one line there once it can serve.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        log: Path,
        *,
        held: Path | None = None,
        env: dict[str, str] | None = None,
    ) -> None:
        self.name = name
        self.command = command
        self.log = log
        self._held = held
        self._env = env
        self._process: subprocess.Popen[bytes] | None = None
        self._ready: int | None = None
        self._next_start = 0.0

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def tend(self) -> None:
        """Start it where it does not run and should."""
        if self._held is not None and self._held.exists():
            self.stop()  # it may just have been started
            return
        if self.pid is not None or time.monotonic() < self._next_start:
            return
        self._next_start = time.monotonic() + RESTART_S
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self._ready is not None:
            os.close(self._ready)
        self._ready, theirs = os.pipe()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.command, "--ready-fd", str(theirs)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._env, pass_fds=[theirs],
                start_new_session=True,
            )  # fmt: skip
        os.close(theirs)

    def wait_ready(self, deadline: float) -> str | None:
        """What it writes once it can serve; None where that does not come in time, or it ends."""
        while self._ready is not None and time.monotonic() < deadline:
            if select.select([self._ready], [], [], POLL_S)[0]:
                return os.read(self._ready, 100).decode().strip() or None
        return None

    def stop(self) -> None:
        """Ask it to end."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def reap(self, deadline: float) -> None:
        """Wait for its end; kill it after the deadline."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def run_up(host: str, port: int, folders: list[Path], *, browser: bool, tailscale: bool) -> None:
    """Run until a signal ends it."""
    settings = config()
    for folder in folders:
        if not folder.expanduser().is_dir():
            fail(f"{folder} is not a folder.", "Name one that exists.")
    settings.home.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (settings.home.state / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            at = read_pids(settings.home.state).get("url")
            fail(f"Deskhand runs here already{f', at {at}' if at else ''}.", "`deskhand status` shows how it is.")
        settings.home.held.unlink(missing_ok=True)
        _end_orphans(settings.home.state)
        _run(settings, host, port, folders, browser=browser, tailscale=tailscale)


def _end_orphans(state: Path) -> None:
    """End relay and agent of an `up` that was killed: they would hold the port and the agent's lock."""
    left = read_pids(state)
    marks = {"agent": f"--relay-url {left.get('url')} ", "relay": f"--data-dir {state / 'relay'} "}
    for name, mark in marks.items():
        pid = left.get(name)
        deadline = time.monotonic() + STOP_S
        while pid is not None and mark in _arguments(pid):  # else the number belongs to another program by now
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL)
            time.sleep(POLL_S)


def _arguments(pid: int) -> str:
    try:
        return subprocess.run(
            ["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return ""


def _run(settings: Config, host: str, port: int, folders: list[Path], *, browser: bool, tailscale: bool) -> None:
    ended = Ending()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ended.set)
    children: list[Child] = []
    try:
        public = _tailscale_url() if tailscale else None
        url = settings.relay_url or _start_relay(settings, host, port, public, children)
        if public is not None:
            _tailscale_serve(url)
        _start_agent(settings, url, public or url, folders, children, ended)
        if not ended.is_set():
            _announce(settings, url, public, browser=browser)
        while not ended.wait(POLL_S):
            for child in children:
                child.tend()
            _write_pids(settings, url, children)
    finally:
        deadline = time.monotonic() + STOP_S
        for child in reversed(children):
            child.stop()
        for child in children:
            child.reap(deadline)
        pids_file(settings.home.state).unlink(missing_ok=True)


def _start_relay(settings: Config, host: str, port: int, public: str | None, children: list[Child]) -> str:
    """Start the relay of this computer; returns its address."""
    home = settings.home

    def command(number: int) -> list[str]:
        data = str(home.state / "relay")
        return [sys.executable, "-m", "relay", "serve", "--host", host, "--port", str(number), "--data-dir", data]

    env = dict(os.environ)
    if public is not None:
        env["DESKHAND_RELAY_ORIGINS"] = f"http://localhost:{port},http://127.0.0.1:{port},{public}"
    relay = Child("relay", command(port), home.logs / "relay.log", env=env)
    children.append(relay)
    relay.tend()
    said = relay.wait_ready(time.monotonic() + READY_S)
    if said is None:
        fail(
            f"The relay did not start. Perhaps another program uses port {port}.",
            f"Try `deskhand up --port {port + 1}`; {home.logs / 'relay.log'} says more.\n{_last_lines(relay.log)}",
            EXIT_UNREACHABLE,
        )
    number = int(said)
    relay.command = command(number)
    return f"http://localhost:{number}"


def _start_agent(
    settings: Config, url: str, public: str, folders: list[Path], children: list[Child], ended: Ending
) -> None:
    """Start the agent and wait until it is in its thread."""
    home = settings.home
    command = [sys.executable, "-m", "agent", "agent", "run", "--relay-url", url, "--public-url", public]
    for folder in folders:
        command += ["--folder", str(folder.expanduser().absolute())]
    agent = Child("agent", command, home.logs / "agent.log", held=home.held)
    children.append(agent)
    agent.tend()
    _write_pids(settings, url, children)
    deadline = time.monotonic() + READY_S
    waited = False
    while not ended.is_set() and agent.wait_ready(time.monotonic() + 1) is None:
        if agent.pid is None:
            fail("The agent did not start.", f"{agent.log} says more.\n{_last_lines(agent.log)}", EXIT_UNREACHABLE)
        if time.monotonic() > deadline and not waited:
            waited = True
            typer.echo(f"The relay at {url} does not answer yet. Messages sent now are kept and run later.")


def _announce(settings: Config, url: str, public: str | None, *, browser: bool) -> None:
    command = _typed()
    typer.echo(f"Deskhand is ready at {url}")
    brain = "the built-in rehearsal brain; set ANTHROPIC_API_KEY for a real one"
    typer.echo(f"  brain            {brain if settings.rehearsal else settings.model}")
    typer.echo(f"  folder           {settings.home.desk}")
    typer.echo(f"  open here        {command} open")
    if public is not None or url.startswith("https:"):
        typer.echo(f"  for your phone   run {command} pair")
    else:
        typer.echo(f"  for your phone   run {command} up --tailscale, or use a relay with https:")
        typer.echo(f"                   {command} setup --relay https://your.relay")
    sys.stdout.flush()
    if browser and _has_screen():
        subprocess.Popen([sys.executable, "-m", "agent", "open"], start_new_session=True)


def _typed() -> str:
    """How the person calls this program in their own shell, which may not have our folder in its path."""
    here = Path(sys.executable).parent
    found = shutil.which("deskhand")
    by_make = "MAKELEVEL" in os.environ  # which sets the path for us, not for the person's shell
    ours = found is not None and Path(found).parent == here
    if found is not None and (not ours or (os.environ.get("VIRTUAL_ENV") == sys.prefix and not by_make)):
        return "deskhand"
    path = here / "deskhand"
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _has_screen() -> bool:
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _tailscale_url() -> str:
    """Address (https) of this computer in its Tailscale network."""
    try:
        said = subprocess.run(["tailscale", "status", "--json"], capture_output=True, check=True, timeout=10)
        name = str(json.loads(said.stdout)["Self"]["DNSName"]).rstrip(".")
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        fail("Tailscale does not answer here.", "Install it, run `tailscale up`, and try again.")
    return f"https://{name}"


def _tailscale_serve(url: str) -> None:
    try:
        subprocess.run(["tailscale", "serve", "--bg", url], capture_output=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        fail("Tailscale could not serve the page.", f"Run `tailscale serve --bg {url}` and read what it says.")


def pids_file(state: Path) -> Path:
    """Where `up` says what it runs."""
    return state / "up.json"


def read_pids(state: Path) -> dict[str, Any]:
    """What `up` runs: its url and the process ids of up, relay and agent; empty where it does not run."""
    try:
        found: dict[str, Any] = json.loads(pids_file(state).read_text())
    except (OSError, ValueError):
        return {}
    return found


def _write_pids(settings: Config, url: str, children: list[Child]) -> None:
    value = json.dumps({"url": url, "pid": os.getpid(), **{child.name: child.pid for child in children}})
    path = pids_file(settings.home.state)
    if not path.exists() or path.read_text() != value:
        path.with_suffix(".new").write_text(value)
        path.with_suffix(".new").replace(path)


def _last_lines(log: Path) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-5:])
    except OSError:
        return ""


def start_agent() -> None:
    """Let the agent run again and wait until it answers."""
    home = config().home
    home.held.unlink(missing_ok=True)
    if not pids_file(home.state).exists():
        fail("`deskhand up` is not running.", "Start it: `deskhand up`.", EXIT_UNREACHABLE)
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        try:
            with Client(home.state, 5) as client:
                client.call(op="status")
                return
        except (AgentDown, TimeoutError):
            time.sleep(POLL_S)
    fail("The agent did not start.", f"{home.logs / 'agent.log'} says why.", EXIT_UNREACHABLE)


def stop_agent() -> None:
    """End the agent and keep it from being started again."""
    home = config().home
    home.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    home.held.touch()
    try:
        with Client(home.state, 5) as client:
            client.call(op="shutdown")
    except (AgentDown, TimeoutError):
        return
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        try:
            Client(home.state, 5).__exit__()
        except AgentDown:
            return
        time.sleep(POLL_S / 4)


def run_agent_here(relay_url: str, public_url: str, folders: list[Path], ready_fd: int | None) -> None:
    """The agent's own process. SIGTERM ends it."""
    from agent.app import AlreadyRunning, run_agent
    from agent.link.keys import KeysUnavailable

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    for quiet in ("httpx2", "httpcore2", "anthropic", "websockets"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
    settings = config()
    settings = replace(settings, folders=(*settings.folders, *folders))

    def ready() -> None:
        if ready_fd is not None:
            os.write(ready_fd, b"ready\n")
            os.close(ready_fd)

    try:
        run_agent(settings, relay_url, public_url, ready)
    except (AlreadyRunning, KeysUnavailable, ValueError) as error:
        fail(str(error))
