"""The documents beside the code say what is so."""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

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
