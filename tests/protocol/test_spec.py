"""The text of the protocol: every numbered rule is kept by at least one test that names it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import relay.protocol
from agent.thread import entries
from relay.protocol import jose
from relay.protocol.errors import ErrorCode

ROOT = Path(__file__).parents[2]
SPEC = Path(relay.protocol.__file__).with_name("SPEC.md")
TEST_FOLDERS = {"tests": "*.py", "mobile_web/tests": "*.ts*"}

_RULE = re.compile(r"^\*\*(\d+\.\d+)\*\* ", re.MULTILINE)
_CITED = re.compile(r"SPEC (\d+\.\d+)")


def rules() -> list[str]:
    return _RULE.findall(SPEC.read_text("utf-8"))


def test_files() -> list[Path]:
    found = [path for folder, names in TEST_FOLDERS.items() for path in (ROOT / folder).rglob(names)]
    return [path for path in found if "node_modules" not in path.parts]


test_files.__test__ = False  # type: ignore[attr-defined]


def test_rules_are_numbered_without_gaps():
    numbers = [tuple(map(int, rule.split("."))) for rule in rules()]

    for section in range(1, 8):
        of_section = [rule for chapter, rule in numbers if chapter == section]
        assert of_section == list(range(1, len(of_section) + 1)), f"section {section}"
    assert numbers == sorted(numbers)


def test_every_rule_is_kept_by_a_test():
    cited = {rule for path in test_files() for rule in _CITED.findall(path.read_text("utf-8"))}

    assert [rule for rule in rules() if rule not in cited] == []


def test_no_text_names_a_rule_that_is_not_there():
    known = set(rules())
    code = [
        path for names in ("relay/**/*.py", "agent/**/*.py", "mobile_web/src/**/*.ts*") for path in ROOT.glob(names)
    ]
    texts = {path: path.read_text("utf-8") for path in [*code, *test_files()]}
    named = {(str(path.relative_to(ROOT)), rule) for path, text in texts.items() for rule in _CITED.findall(text)}

    assert {place for place in named if place[1] not in known} == set()


def test_rules_refer_to_rules():
    bare = re.sub(r"`[^`]*`|§[\d.]+", "", SPEC.read_text("utf-8"))

    assert set(re.findall(r"(?<![\d.])[1-8]\.\d{1,2}(?![\d.]\d)", bare)) == set(rules())


def test_the_list_of_bodies_is_that_of_the_models():
    """SPEC 4.16"""
    listed = re.findall(r"^- `([a-z_.]+) \{(.*)\}`$", SPEC.read_text("utf-8"), re.MULTILINE)
    models = {
        get_args(model.model_fields["type"].annotation)[0]: ", ".join(
            name if field.is_required() else f"{name}?"
            for name, field in model.model_fields.items()
            if name not in {"id", "type", "via"}
        )
        for model in get_args(entries.ClientBody) + get_args(entries.HostBody)
    }

    assert dict(listed) == models
    assert [kind for kind, _ in listed] == list(models)


def test_the_list_of_error_codes_is_that_of_the_models():
    """SPEC 5.9"""
    section = SPEC.read_text("utf-8").partition("**5.9**")[2].partition("**5.10**")[0]

    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(ErrorCode)


def test_the_list_of_types_is_that_of_the_wrapper():
    """SPEC 2.5"""
    section = SPEC.read_text("utf-8").partition("**2.5**")[2].partition("**2.6**")[0]

    assert set(re.findall(r"`(deskhand-[a-z-]+\+jws)`", section)) == jose._TYPES
