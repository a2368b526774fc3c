"""The desk's own tools as the brain sees them."""

from __future__ import annotations

from typing import Any

from agent.core.ports import ToolSpec


def _spec(name: str, description: str, properties: dict[str, Any], required: list[str]) -> ToolSpec:
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return ToolSpec(name, description, schema)


_TEXT = {"type": "string"}
_LINES = {"type": "array", "items": _TEXT}

FRONT_DESK = (
    _spec(
        "start_task",
        "Hand work to a task. It sees only the brief, so the brief must name the files and say everything it needs.",
        {
            "title": {**_TEXT, "description": "A few words, as a heading on the phone."},
            "brief": {**_TEXT, "description": "The person's wish in their own words, the files, the result wanted."},
            "plan": {**_LINES, "description": "Three to six short steps, if they are clear already."},
        },
        ["title", "brief"],
    ),
    _spec(
        "steer_task",
        "Tell a task that is running something new; it reads it at its next step.",
        {"task": {**_TEXT, "description": "The task's id."}, "text": _TEXT},
        ["task", "text"],
    ),
    _spec("stop_task", "End a task that is running or queued.", {"task": _TEXT}, ["task"]),
    _spec(
        "recall",
        "Search the whole thread, however old, for words; gives entries with their dates.",
        {"query": {**_TEXT, "description": "A few words that stand in what you look for."}},
        ["query"],
    ),
    _spec(
        "remember",
        "Keep one fact or preference for good; the person can read and delete it.",
        {"text": {**_TEXT, "description": "One sentence."}},
        ["text"],
    ),
    _spec(
        "forget",
        "Delete the remembered lines that contain these words.",
        {"text": _TEXT},
        ["text"],
    ),
)

TASK = (
    _spec(
        "update_plan",
        "Show the plan, whole, each time a step begins or ends. One step at most is `now`.",
        {
            "plan": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "text": _TEXT,
                        "state": {"type": "string", "enum": ["todo", "now", "done", "skipped"]},
                    },
                    "required": ["text", "state"],
                    "additionalProperties": False,
                },
            }
        },
        ["plan"],
    ),
    _spec(
        "ask_person",
        "Ask the person one question and wait, as long as it takes. Offer choices where there are some.",
        {"question": _TEXT, "choices": _LINES},
        ["question"],
    ),
    _spec(
        "note_not_done",
        "Put lines into the result's list of what was skipped or failed, each with its reason.",
        {"items": _LINES},
        ["items"],
    ),
)

FRONT_DESK_READING = frozenset({"list_files", "read_file", "describe_table", "search_files", "read_document"})
"""Tools of the tool families that the front desk may use itself: quick looks only."""
