"""The documents beside the code say what is so."""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from typer.core import TyperGroup
from typer.main import get_command

from agent.cli.main import app

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/*.md"), ROOT / "relay/protocol/SPEC.md"]
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


def test_every_dependency_has_its_reason_and_no_reason_is_left_over():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    page = json.loads((ROOT / "mobile_web/package.json").read_text())
    python = itertools.chain(project["project"]["dependencies"], *project["dependency-groups"].values())
    wanted = {Requirement(text).name for text in python} | {*page["dependencies"], *page["devDependencies"]}
    lines = [line for line in (ROOT / "docs/dependencies.md").read_text().splitlines() if line.startswith("- ")]
    named = [name for line in lines for name in re.findall(r"\*\*([^*]+)\*\*", line)]

    assert sorted(named) == sorted(wanted)
    assert all(re.fullmatch(r"- (\*\*[^*]+\*\*(, )?)+: .{10,}\.", line) for line in lines)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path):
    targets = [target for target in _LINK.findall(document.read_text()) if "://" not in target]

    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_make_target_that_is_named_exists(document: Path):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^ {4})make ([a-z]+)\b", document.read_text(), re.MULTILINE))

    assert named <= targets


def commands() -> set[str]:
    """Every command of `deskhand`, those of its groups as two words."""
    top = get_command(app)
    assert isinstance(top, TyperGroup)
    names = set(top.commands)
    for name, command in top.commands.items():
        if isinstance(command, TyperGroup):
            names |= {f"{name} {below}" for below in command.commands}
    return names


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_command_that_is_named_exists(document: Path):
    known = commands()
    groups = {name.split()[0] for name in known if " " in name}
    spans = re.findall(r"`([^`\n]+)`|^ {4}(.+)$", document.read_text(), re.MULTILINE)
    named = [
        found.split() for span in spans for found in re.findall(r"(?<!/)\bdeskhand ((?:[a-z]+ ?){1,2})", "".join(span))
    ]
    wrong = [
        words
        for words in named
        if words[0] not in known or (words[0] in groups and len(words) > 1 and " ".join(words) not in known)
    ]

    assert wrong == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_an_option_that_is_named_exists(document: Path):
    top = get_command(app)
    assert isinstance(top, TyperGroup)
    known = {
        option
        for command in (
            *top.commands.values(),
            *(c for g in top.commands.values() if isinstance(g, TyperGroup) for c in g.commands.values()),
        )
        for parameter in command.params
        for option in parameter.opts
    }
    lines = re.findall(r"^.*\bdeskhand (?!relay)[a-z]+.*$", document.read_text(), re.MULTILINE)
    named = {
        option for line in lines for option in re.findall(r"(?<![\w-])--[a-z-]+", line.split("tailscale serve")[0])
    }

    assert named <= known
