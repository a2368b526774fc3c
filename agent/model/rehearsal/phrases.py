"""What the brain says about itself. It is no model, and says so."""

from __future__ import annotations

from collections.abc import Sequence

HOW_TO_GET_A_MODEL = (
    "For a real model set ANTHROPIC_API_KEY at the computer (or ANTHROPIC_BASE_URL for another server of the Messages "
    "API, a local one included) and start Deskhand again."
)

ABILITIES = (
    "summarise a table or a document, as text, note or spreadsheet",
    "answer questions about a table: top or bottom entries, averages and sums by group, filters, what improved most",
    "draw a bar, line, column, pie or scatter chart into a spreadsheet",
    "compare two files, or brief you on a folder",
    "find, search, rename, copy, move, trash or tidy files",
    "remember, recall and forget what you tell me, and stop or correct work under way",
)


def about(computer: str) -> str:
    """Who speaks, what it understands, and how to get a better one."""
    abilities = "\n".join(f"- {ability}" for ability in ABILITIES)
    return (
        f"I am the built-in rehearsal brain on {computer}: fixed rules, no language model. The work is real, though: "
        f"real files, computed numbers. I understand requests such as:\n{abilities}\n\n{HOW_TO_GET_A_MODEL}"
    )


def not_understood(examples: Sequence[str]) -> str:
    """Said in place of a guess, with things to ask for that would work here."""
    tries = "".join(f"\n- {example}" for example in examples)
    offer = f" Things I would understand:{tries}\n\n" if examples else " "
    return f"I did not understand that, so I did nothing: I am the built-in rehearsal brain, fixed rules and no language model.{offer}{HOW_TO_GET_A_MODEL}"


def examples_for(tables: Sequence[str], documents: Sequence[str], folder_has_files: bool) -> list[str]:  # noqa: FBT001
    """Requests that make sense for the files that are there."""
    made = [f"“Summarise `{name}` as a spreadsheet”" for name in tables[:1]]
    made += [f"“Top 5 rows of `{name}`”" for name in tables[1:2] or tables[:1]]
    made += [f"“Summarise `{name}` as a note”" for name in documents[:1]]
    return [*made, "“Tidy this folder by type”"] if folder_has_files else ["“What can you do?”"]
