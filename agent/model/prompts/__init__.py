"""The words the brain is given, as Markdown files."""

from __future__ import annotations

from importlib.resources import files


def prompt(name: str) -> str:
    """The text of one prompt file, without its ending."""
    return (files(__name__) / f"{name}.md").read_text(encoding="utf-8")
