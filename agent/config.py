"""Settings of the agent: environment over file over default. The only reader of the agent's environment."""

from __future__ import annotations

import os
import platform
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from agent.control_wire import HELD

DEFAULT_PORT = 8440
DEFAULT_MODEL = "claude-sonnet-5-5"


_TEXTS = ("relay", "name", "invite", "keyring", "model")


class BadConfig(ValueError):
    """A setting makes no sense; the text says which and what to write instead."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where things lie. ``state`` is hidden from every tool; ``desk`` is the first granted folder."""

    state: Path
    desk: Path

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.state / "config.toml"

    @property
    def database(self) -> Path:
        """The agent's database."""
        return self.state / "agent.sqlite"

    @property
    def spool(self) -> Path:
        """Messages left while the agent was not running."""
        return self.state / "spool"

    @property
    def held(self) -> Path:
        """Exists while the person wants the agent stopped."""
        return self.state / HELD

    @property
    def logs(self) -> Path:
        """Logs of relay and agent, without content."""
        return self.state / "logs"


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the agent is told from outside. ``api_key`` never leaves this process but to the model's service."""

    home: Home
    relay_url: str | None
    invite: str | None
    name: str
    folders: tuple[Path, ...]
    api_key: str | None
    base_url: str | None
    model: str
    keyring: Literal["auto", "file"]

    @property
    def rehearsal(self) -> bool:
        """Whether the built-in brain is used, because nobody named another."""
        return self.api_key is None and self.base_url is None


def find_home(env: Mapping[str, str] | None = None) -> Home:
    """The folders of this person: beneath DESKHAND_HOME if that is set, else the platform's."""
    env = os.environ if env is None else env
    if env.get("DESKHAND_HOME"):
        base = Path(env["DESKHAND_HOME"]).expanduser().absolute()
        return Home(base / "state", base / "desk")
    return Home(_platform_state(env), Path.home() / "Deskhand")


def load(env: Mapping[str, str] | None = None) -> Config:
    """Read the settings. Raises `BadConfig`."""
    env = os.environ if env is None else env
    home = find_home(env)
    stored = read_file(home)
    folders = tuple(Path(item).expanduser() for item in stored.get("folders", []))
    keyring = env.get("DESKHAND_KEYRING") or stored.get("keyring") or "auto"
    if keyring not in {"auto", "file"}:
        raise BadConfig("DESKHAND_KEYRING must be auto or file.")
    return Config(
        home=home,
        relay_url=stored.get("relay"),
        invite=stored.get("invite"),
        name=str(stored.get("name") or socket.gethostname().split(".")[0] or "Computer"),
        folders=(home.desk, *folders),
        api_key=env.get("ANTHROPIC_API_KEY") or None,
        base_url=env.get("ANTHROPIC_BASE_URL") or None,
        model=env.get("DESKHAND_MODEL") or stored.get("model") or DEFAULT_MODEL,
        keyring="file" if keyring == "file" else "auto",
    )


def read_file(home: Home) -> dict[str, Any]:
    """The settings file as it is; empty where there is none. Raises `BadConfig`."""
    try:
        stored = tomllib.loads(home.config.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise BadConfig(f"{home.config} cannot be read: {error}. Mend or delete it.") from error
    for name in _TEXTS:
        if not isinstance(stored.get(name, ""), str):
            raise BadConfig(f'`{name}` in {home.config} must be a text, such as {name} = "…".')
    folders = stored.get("folders", [])
    if not isinstance(folders, list) or not all(isinstance(item, str) for item in folders):
        raise BadConfig(f'`folders` in {home.config} must be a list, such as folders = ["/home/me/Documents"].')
    return stored


def save(home: Home, **values: Any) -> None:
    """Change settings in the file, keeping its comments and order."""
    import tomlkit

    text = home.config.read_text(encoding="utf-8") if home.config.exists() else ""
    document = tomlkit.parse(text)
    for name, value in values.items():
        document[name] = value
    home.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    home.config.write_text(tomlkit.dumps(document), encoding="utf-8")


def _platform_state(env: Mapping[str, str]) -> Path:
    if platform.system() == "Darwin":
        return Path.home() / "Library" / "Application Support" / "Deskhand"
    return Path(env.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "deskhand"
