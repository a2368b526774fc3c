"""What `deploy/` hands to people: it names what is there, and it starts."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from relay.config import RelayConfig

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SETTINGS = {f"DESKHAND_RELAY_{name.upper()}": field for name, field in RelayConfig.model_fields.items()}
_SETTING = re.compile(r"^(#?) ?(DESKHAND_RELAY_[A-Z_]+)=(.*)$", re.MULTILINE)


def dockerfile() -> list[list[str]]:
    """Its instructions, each as words."""
    joined = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.split() for line in joined.splitlines() if line and not line.startswith("#")]


def environment(folder: Path, **settings: str) -> dict[str, str]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("DESKHAND_")}
    return {**bare, "DESKHAND_RELAY_DATA_DIR": str(folder), **settings}


def compose() -> dict[str, object]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def test_the_image_is_made_of_what_is_there():
    copied = [words[1:-1] for words in dockerfile() if words[0] == "COPY" and not words[1].startswith("--from")]
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    allowed = {line[1:] for line in ignored if line.startswith("!")}

    assert copied
    for name in (name for names in copied for name in names):
        assert (ROOT / name).exists(), name
        assert any(name.startswith(prefix) for prefix in allowed), f"{name} is not sent to the builder"


def test_the_page_is_taken_from_where_the_build_puts_it():
    written = re.search(r'"\.\./(relay/page)"', (ROOT / "mobile_web/vite.config.ts").read_text())
    taken = next(words for words in dockerfile() if words[:2] == ["COPY", "--from=page"])

    assert written is not None
    assert taken[2:] == [f"/src/{written[1]}", written[1]]
    assert "build" in json.loads((ROOT / "mobile_web/package.json").read_text())["scripts"]


def test_the_image_does_not_run_as_root():
    users = [words[1] for words in dockerfile() if words[0] == "USER"]

    assert users == ["10001:10001"]


def start_relay(folder: Path, command: list[str], **settings: str) -> tuple[subprocess.Popen[bytes], int]:
    read, write = os.pipe()
    relay = subprocess.Popen(
        [*command, "--port", "0", "--ready-fd", str(write)],
        cwd=ROOT,
        env=environment(folder, **settings),
        pass_fds=[write],
        stdout=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as ready:
        return relay, int(ready.readline() or "0")


def json_words(instruction: str) -> list[str]:
    joined = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    return json.loads(re.findall(rf"^(?:{instruction}).*?(\[.*\])$", joined, re.MULTILINE)[0])


def test_the_images_command_starts_a_relay_that_its_health_check_finds(tmp_path: Path):
    command, check = json_words("CMD"), json_words("HEALTHCHECK")
    relay, port = start_relay(tmp_path, [sys.executable, *command[1:]])
    try:
        health = [sys.executable, check[1], check[2].replace(":8440", f":{port}")]
        assert subprocess.run(health, check=False).returncode == 0
    finally:
        relay.terminate()
        assert relay.wait(10) == 0
    assert subprocess.run(health, check=False, stderr=subprocess.DEVNULL).returncode != 0


def test_the_service_starts_the_same_command():
    unit = (DEPLOY / "deskhand-relay.service").read_text()
    started = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)

    assert started is not None
    assert started[1].split()[1:] == json_words("CMD")[1:]
    assert set(re.findall(r"DESKHAND_RELAY_[A-Z_]+", unit)) <= set(SETTINGS)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_the_service_is_a_valid_unit(tmp_path: Path):
    text = (DEPLOY / "deskhand-relay.service").read_text()
    unit = tmp_path / "deskhand-relay.service"
    unit.write_text(text.replace("/opt/deskhand/.venv/bin/python", sys.executable))

    found = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", unit], check=False, capture_output=True, text=True
    )

    assert found.stderr == ""
    assert found.returncode == 0


def test_compose_starts_a_relay_behind_caddy():
    services = compose()["services"]
    relay, caddy = services["relay"], services["caddy"]

    assert "ports" not in relay
    assert relay["read_only"] is True
    assert (DEPLOY / relay["build"]["context"] / relay["build"]["dockerfile"]).is_file()
    assert {name for name in relay["environment"] if name.startswith("DESKHAND_")} <= set(SETTINGS)
    assert caddy["environment"]["UPSTREAM"] == f"relay:{relay['environment']['DESKHAND_RELAY_PORT']}"
    assert all((DEPLOY / volume.split(":")[0]).is_file() for volume in caddy["volumes"] if volume.startswith("."))
    used = {volume.split(":")[0] for service in (relay, caddy) for volume in service["volumes"]}
    assert set(compose()["volumes"]) == {name for name in used if not name.startswith(".")}


def test_the_relay_accepts_what_compose_gives_it(monkeypatch: pytest.MonkeyPatch):
    given = dict(compose()["services"]["relay"]["environment"])
    for name, value in {**given, "DESKHAND_RELAY_ORIGINS": "https://relay.example.org"}.items():
        monkeypatch.setenv(name, value)

    config = RelayConfig()

    assert (config.host, config.port, str(config.data_dir)) == ("0.0.0.0", 8440, "/data")


def test_the_example_names_every_setting_once_and_no_other():
    named = [name for _, name, _ in _SETTING.findall((DEPLOY / "relay.env.example").read_text())]

    assert sorted(named) == sorted(SETTINGS)


def test_the_example_shows_the_defaults():
    shown = {name: value for off, name, value in _SETTING.findall((DEPLOY / "relay.env.example").read_text()) if off}
    for name, value in shown.items():
        default = SETTINGS[name].default
        if isinstance(default, bool):
            assert value == str(default).lower()
        elif isinstance(default, int | float):
            assert ast.literal_eval(value) == default, name
        elif isinstance(default, str):
            assert value == default


def test_the_example_needs_an_invite_before_it_starts(tmp_path: Path):
    lines = _SETTING.findall((DEPLOY / "relay.env.example").read_text())
    settings = {name: value for off, name, value in lines if not off}
    command = [sys.executable, *json_words("CMD")[1:], "--port", "0"]
    refused = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, env=environment(tmp_path, **settings)
    )

    assert refused.returncode == 2
    assert "DESKHAND_RELAY_INVITE" in refused.stderr
    relay, port = start_relay(
        tmp_path, [sys.executable, *json_words("CMD")[1:]], **{**settings, "DESKHAND_RELAY_INVITE": "0123456789abcdef"}
    )
    relay.terminate()
    assert relay.wait(10) == 0
    assert port > 0


@pytest.mark.skipif(shutil.which("caddy") is None, reason="needs Caddy")
def test_caddy_accepts_its_file(tmp_path: Path):
    command = ["caddy", "adapt", "--config", DEPLOY / "Caddyfile", "--adapter", "caddyfile", "--validate"]
    env = {**os.environ, "HOME": str(tmp_path), "DESKHAND_RELAY_ORIGINS": "https://a.example", "UPSTREAM": "relay:8440"}

    found = subprocess.run(command, check=False, capture_output=True, text=True, env=env)

    assert found.returncode == 0, found.stderr
    assert "a.example" in found.stdout
    assert "relay:8440" in found.stdout
