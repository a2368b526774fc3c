"""JSON Schema of the wire, from which other languages generate their types and validators."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from relay.protocol.errors import ErrorCode
from relay.protocol.frames import (
    PushOutcome,
    PushSubscription,
    ThreadRequest,
    Token,
    TokenRequest,
    from_device,
    from_relay,
)

_TWINS = (ThreadRequest, TokenRequest, Token, PushSubscription, PushOutcome)

Schema = dict[str, Any]


def frame_schemas() -> Schema:
    """All frames and HTTP bodies under ``$defs``, and the two unions ``FromDevice`` and ``FromRelay``."""
    unions: dict[str, TypeAdapter[Any]] = {"FromDevice": from_device, "FromRelay": from_relay}
    _, twins = models_json_schema([(model, "validation") for model in _TWINS])
    return join_schemas({name: adapter.json_schema(by_alias=True) for name, adapter in unions.items()}, twins)


def join_schemas(named: dict[str, Schema], *others: Schema) -> Schema:
    """One schema whose ``$defs`` holds every definition, and each named schema under its name."""
    definitions: dict[str, Schema] = {}
    for schema in others:
        definitions |= schema["$defs"]
    for name, schema in named.items():
        definitions |= schema.pop("$defs", {})
        definitions[name] = schema
    return {"$defs": dict(sorted(definitions.items()))}


def error_codes() -> list[str]:
    """Every code an ``error`` frame may carry."""
    return [code.value for code in ErrorCode]
