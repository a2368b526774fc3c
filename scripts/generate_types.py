"""Writes `mobile_web/src/protocol/generated.ts`: the wire as TypeScript types and as a compact schema.

The types and the schema come from the pydantic models of `relay.protocol.frames`, `agent.thread.entries` and
`agent.thread.live`, so that the wire is defined once. `parse.ts` reads the compact schema:

    "str" | "int" | "num" | "bool" | "null" | "any"    a plain type
    ["str", pattern, maximum length]                   0, or nothing, where there is none
    ["int" | "num", least, most]
    ["is", value, …]                                   one of these texts
    ["list", item, maximum length or nothing]   ["map", value]
    ["obj", {name: schema}]                            "name?" may be absent
    ["or", schema, …]   ["by", member, {value: schema}]   ["ref", name]

Run it after a change of those models: `.venv/bin/python scripts/generate_types.py`.
"""

# ruff: noqa: INP001 - run by its path, not imported
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agent.thread.entries import APPROVE_TYPES, CLIENT_TYPES, DEFAULT_EXPIRY_S, HOST_TYPES, body_adapter
from agent.thread.live import live_adapter
from relay.protocol import envelope, frames
from relay.protocol.export import error_codes, frame_schemas, join_schemas

OUTPUT = Path(__file__).parent.parent / "mobile_web/src/protocol/generated.ts"

Schema = dict[str, Any]
PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
SHORT = {"string": "str", "integer": "int", "number": "num", "boolean": "bool", "null": "null"}
# Names that TypeScript's own library has already.
RENAMED = {"File": "FileRef", "Error": "ErrorFrame", "PushSubscription": "Subscription", "Host": "HostBegins"}
CHECKED = ("Body", "LiveBody", "FromRelay", "Token", "PushOutcome")
"""What the phone receives and therefore validates; for the rest it needs types only."""


def all_schemas() -> Schema:
    """Every definition of the wire by name."""
    bodies = {"Body": body_adapter.json_schema(), "LiveBody": live_adapter.json_schema()}
    of_bodies, of_frames = join_schemas(bodies)["$defs"], frame_schemas()["$defs"]
    clash = {name for name in of_bodies.keys() & of_frames.keys() if of_bodies[name] != of_frames[name]}
    if clash:
        raise ValueError(f"one name for two things on the wire: {sorted(clash)}")
    return dict(sorted((of_bodies | of_frames).items()))


def type_name(name: str) -> str:
    return RENAMED.get(name, name)


def reference(schema: Schema) -> str:
    return str(schema["$ref"].rsplit("/", 1)[1])


def type_of(schema: Schema) -> str:
    """A schema as a TypeScript type."""
    match schema:
        case {"$ref": _}:
            return type_name(reference(schema))
        case {"const": value}:
            return json.dumps(value)
        case {"enum": values}:
            return " | ".join(map(json.dumps, values))
        case {"anyOf": options} | {"oneOf": options}:
            return " | ".join(dict.fromkeys(map(type_of, options)))
        case {"type": "array"}:
            return f"readonly {bracketed(type_of(schema['items']))}[]"
        case {"type": "object", "properties": _}:
            raise ValueError("an object without a name")
        case {"type": "object"}:
            values = schema.get("additionalProperties")
            return f"Readonly<Record<string, {type_of(values) if isinstance(values, dict) else 'unknown'}>>"
        case {"type": kind}:
            return PLAIN[kind]
        case _:
            return "unknown"


def bracketed(text: str) -> str:
    return f"({text})" if " " in text else text


def required(schema: Schema) -> list[str]:
    """Names an object must have: those pydantic asks for, and the tag of a union."""
    tags = [name for name, member in schema["properties"].items() if "const" in member and name == "type"]
    return sorted({*schema.get("required", []), *tags})


def declaration(name: str, schema: Schema) -> str:
    """One exported type."""
    text = f"/** {' '.join(schema['description'].split())} */\n" if "description" in schema else ""
    if "properties" not in schema:
        return f"{text}export type {type_name(name)} = {type_of(schema)};\n"
    needed = required(schema)
    members = (
        f"  readonly {member}{'' if member in needed else '?'}: {type_of(part)};\n"
        for member, part in schema["properties"].items()
    )
    return f"{text}export interface {type_name(name)} {{\n{''.join(members)}}}\n"


def compact(schema: Schema) -> Any:
    """A schema in the short form that `parse.ts` reads."""
    match schema:
        case {"$ref": _}:
            return ["ref", reference(schema)]
        case {"const": value}:
            return ["is", value]
        case {"enum": values}:
            return ["is", *values]
        case {"discriminator": {"propertyName": tag, "mapping": mapping}}:
            return ["by", tag, {value: compact({"$ref": ref}) for value, ref in sorted(mapping.items())}]
        case {"anyOf": options}:
            return ["or", *map(compact, options)]
        case {"type": "array"}:
            return ["list", compact(schema["items"]), *([schema["maxItems"]] if "maxItems" in schema else [])]
        case {"type": "object", "properties": properties}:
            needed = required(schema)
            return ["obj", {name if name in needed else f"{name}?": compact(part) for name, part in properties.items()}]
        case {"type": "object"}:
            values = schema.get("additionalProperties")
            return ["map", compact(values) if isinstance(values, dict) else "any"]
        case {"type": "string"} if "pattern" in schema or "maxLength" in schema:
            return ["str", schema.get("pattern", 0), *([schema["maxLength"]] if "maxLength" in schema else [])]
        case {"type": "integer" | "number" as kind} if "minimum" in schema or "maximum" in schema:
            return [SHORT[kind], schema["minimum"], schema["maximum"]]
        case {"type": kind}:
            return SHORT[kind]
        case _:
            return "any"


def reached(names: tuple[str, ...], schemas: Schema) -> dict[str, Any]:
    """The compact schemas of these names and of all they refer to."""
    found: dict[str, Any] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = compact(schemas[name])
            waiting += references(schemas[name])
    return dict(sorted(found.items()))


def references(part: object) -> list[str]:
    match part:
        case {"$ref": str()}:
            return [reference(dict(part))]
        case dict():
            return [name for value in part.values() for name in references(value)]
        case list():
            return [name for value in part for name in references(value)]
        case _:
            return []


def generate() -> str:
    """The whole file."""
    schemas = all_schemas()
    numbers = {
        "PROTOCOL_VERSION": frames.PROTOCOL_VERSION,
        "MAX_FRAME_BYTES": frames.MAX_FRAME_BYTES,
        "HELLO_WITHIN_S": frames.HELLO_WITHIN_S,
        "CLOSE_REPLACED": frames.CLOSE_REPLACED,
        "CLOSE_REMOVED": frames.CLOSE_REMOVED,
        "MAX_PLAINTEXT_BYTES": envelope.MAX_PLAINTEXT_BYTES,
        "MAX_SEALED_CHARS": envelope.MAX_SEALED_CHARS,
        "DEFAULT_EXPIRY_S": DEFAULT_EXPIRY_S,
    }
    lists = {
        "CLIENT_TYPES": sorted(CLIENT_TYPES),
        "HOST_TYPES": sorted(HOST_TYPES),
        "APPROVE_TYPES": sorted(APPROVE_TYPES),
        "ERROR_CODES": error_codes(),
    }
    checked = ",\n".join(f"  {name}: {json.dumps(part)}" for name, part in reached(CHECKED, schemas).items())
    return "\n".join(
        [
            "/* Made by scripts/generate_types.py from the Python models; never edited by hand. */\n",
            *(f"export const {name} = {value};" for name, value in numbers.items()),
            *(f"export const {name}: readonly string[] = {json.dumps(value)};" for name, value in lists.items()),
            "",
            *(declaration(name, schema) for name, schema in schemas.items()),
            f"export const SCHEMAS: Readonly<Record<string, unknown>> = {{\n{checked},\n}};\n",
        ]
    )


if __name__ == "__main__":
    OUTPUT.write_text(generate())
