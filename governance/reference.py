"""The schema of REST, and the reference page made from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.plumbing import get_lib_doc_excludes

from audit.doors.noun import Door
from audit.doors.rest import PROBLEM

Json = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
TEXT = {"type": "string"}
PROBLEM_SCHEMA: Json = {
    "type": "object",
    "description": "RFC 9457. `errors` names each field with what is wrong with it.",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "request_id": {"type": "string", "format": "uuid"},
        "reason": TEXT,
        "errors": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": TEXT},
        },
    },
}
CLIENT = {"type": "http", "scheme": "basic"}


def not_descriptions() -> list[type]:
    """Classes whose docstring says nothing about an operation."""
    usual: Any = get_lib_doc_excludes  # ships no types
    return [*usual(), Door]


def with_problems(result: Json, generator: Any, request: Any, public: bool) -> Json:
    """Every operation may answer with a problem: said once here, not at each view."""
    parts = result.setdefault("components", {})
    parts.setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    parts.setdefault("securitySchemes", {})["client"] = CLIENT
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["default"] = {"description": "A problem.", "content": content}
    return result


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body or an answer."""

    name: str
    type: str
    about: str
    required: bool = False


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    id: str
    method: str
    path: str
    about: str
    parameters: list[Field]
    body: list[Field]
    answers: list[tuple[str, list[Field]]]


@cache
def sections() -> list[tuple[str, list[Operation]]]:
    """Operations by their noun, in the order of their addresses."""
    generator: Any = SchemaGenerator  # ships no types
    schema = generator().get_schema(request=None, public=True)
    found: dict[str, list[Operation]] = {}
    for path, operations in schema["paths"].items():
        for method in METHODS:
            if method in operations:
                one = operations[method]
                found.setdefault(one["tags"][0], []).append(read(schema, path, method, one))
    return sorted(found.items())


def read(schema: Json, path: str, method: str, one: Json) -> Operation:
    answers = {code: a for code, a in one["responses"].items() if code != "default"}
    return Operation(
        id=one["operationId"],
        method=method.upper(),
        path=path,
        about=about(one),
        parameters=[
            Field(p["name"], kind(p["schema"]), about(p), p.get("required", False))
            for p in one.get("parameters", [])
        ],
        body=content(schema, one.get("requestBody", {})),
        answers=[(code, content(schema, answer)) for code, answer in answers.items()],
    )


def about(part: Json) -> str:
    return str(part.get("description", "")).replace("`", "")


def content(schema: Json, part: Json) -> list[Field]:
    """The fields of a body; a page of rows counts as its row."""
    for media in part.get("content", {}).values():
        return fields(schema, media["schema"])
    return []


def fields(schema: Json, node: Json) -> list[Field]:
    node = resolved(schema, node)
    if node.get("type") == "array":
        return fields(schema, node["items"])
    named = node.get("properties", {})
    if "results" in named:
        return fields(schema, named["results"])
    required = node.get("required", [])
    return [Field(name, kind(part), about(part), name in required) for name, part in named.items()]


def resolved(schema: Json, node: Json) -> Json:
    while "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        node = schema["components"]["schemas"][name]
    return node


def kind(node: Json) -> str:
    """A type in a few words."""
    if "$ref" in node:
        return str(node["$ref"]).rpartition("/")[2]
    if "enum" in node:
        return " | ".join(str(value) for value in node["enum"] if value)
    for group in ("oneOf", "anyOf", "allOf"):
        if group in node:
            return " | ".join(kind(part) for part in node[group])
    named = node.get("type", "any")
    if isinstance(named, list):
        return " | ".join(named)
    if named == "array":
        return f"list of {kind(node['items'])}"
    return str(node.get("format", named))
