"""The house rules as functions of what they look at, so that each can be shown a breach."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver
from django.urls.resolvers import RoutePattern

from audit.models import Event

ROOT = Path(settings.BASE_DIR)
APPS = ("governance", "gateway", "registry", "access", "accounts", "audit")
DOORS = {"views", "api", "admin", "hub", "tasks", "management", "forms"}
FILE_CAP, FUNCTION_CAP, MEDIAN_CAP, P95_CAP, FUNCTION_P95_CAP = 400, 60, 70, 300, 35

Sources = dict[str, str]


def sources() -> Sources:
    """Every module of ours by its path; migrations are generated."""
    files = (path for app in APPS for path in (ROOT / app).rglob("*.py"))
    return {
        str(path.relative_to(ROOT)): path.read_text()
        for path in files
        if "migrations" not in path.parts
    }


# --- 1: addresses


def routes(patterns: Any, prefix: str = "") -> Iterator[tuple[str, str, dict[str, str]]]:
    """Name, template of the path, and the converter behind each of its holes."""
    for entry in patterns:
        template, holes = shape(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = routes(entry.url_patterns, prefix + template)
            space = f"{entry.namespace}:" if entry.namespace else ""
            for name, path, more in inner:
                yield space + name, path, holes | more
        elif isinstance(entry, URLPattern):
            yield entry.name or f"({prefix}{template})", prefix + template, holes


def shape(pattern: Any) -> tuple[str, dict[str, str]]:
    if isinstance(pattern, RoutePattern):
        holes = {name: type(c).__name__ for name, c in pattern.converters.items()}
        return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern)), holes
    text = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"{\1}", str(pattern))
    text = re.sub(r"\(\?:.*?\)\??|[\^$\\?]", "", text)
    return text, dict.fromkeys(re.findall(r"{(\w+)}", text), "StringConverter")


def addresses(patterns: Any, real: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each route filled with something that exists; a hole nobody thought of is an error."""
    for name, template, holes in routes(patterns):
        admin = name.startswith("admin:")  # to an outsider none of it is there, whatever the id
        filled = {hole: "1" if admin else value(template, hole, real) for hole in holes}
        yield name, "/" + template.format(**filled)


def value(template: str, hole: str, real: dict[str, Any]) -> Any:
    """`grants/{pk}`: a grant's; any other hole by its own name."""
    noun = re.search(rf"([\w-]+)/{{{hole}}}", template)
    found = real.get(noun[1]) if noun and hole in ("pk", "uid") else None
    return found or real[hole]


REFUSALS = (301, 302, 401, 403, 404, 405, 415, 422)


def answered(
    client: Client, targets: Iterator[tuple[str, str]], seen: set[str], done: set[str]
) -> list[str]:
    """Addresses, beside those pinned for GET and for POST, that gave or did something."""
    found = []
    acts = Event.objects.filter(kind="act", outcome="ok").count()
    for name, path in targets:
        for method, pinned in ((client.get, seen), (client.post, done)):
            if name in pinned:
                continue
            before, status = acts, method(path).status_code
            acts = Event.objects.filter(kind="act", outcome="ok").count()
            acted = acts > before
            shown = status == 200 and name in seen  # the page that GET shows, and nothing done
            if acted or not (shown or status in REFUSALS):
                found.append(f"{method.__name__.upper()} {path} [{name}] {status}")
    return found


def unlike_get(client: Client, paths: list[str]) -> list[str]:
    """Addresses that answer HEAD in another way than GET, or with a body."""
    found = []
    for path in paths:
        get, head = client.get(path), client.head(path)
        if get.status_code != head.status_code or head.content:
            found.append(f"{path}: GET {get.status_code}, HEAD {head.status_code}")
    return found


# --- 2: actions


def unguarded(modules: list[ModuleType]) -> list[str]:
    """Functions that take a keyword-only `by`, as actions do, and are none."""
    return [
        f"{module.__name__}.{name}"
        for module in modules
        for name, function in vars(module).items()
        if callable(function)
        and getattr(function, "__module__", "") == module.__name__
        and takes_by(function)
        and not hasattr(function, "verb")
    ]


def takes_by(function: Callable[..., Any]) -> bool:
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    first = code.co_argcount
    return "by" in code.co_varnames[first : first + code.co_kwonlyargcount]


def helpers_called(files: Sources, actions: dict[str, ModuleType]) -> list[str]:
    """What a door calls of an actions module is an action, never a helper of one."""
    found = []
    for path, text in files.items():
        if not is_door(path):
            continue
        tree = ast.parse(text)
        names = dict(imported_actions(tree, actions))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                module = names.get(node.value.id)
                target = getattr(module, node.attr, None)
                if (
                    module is not None
                    and callable(target)
                    and not hasattr(target, "verb")
                    and not isinstance(target, type)
                ):
                    found.append(f"{path}: {node.value.id}.{node.attr}")
    return found


def imported_actions(
    tree: ast.AST, actions: dict[str, ModuleType]
) -> Iterator[tuple[str, ModuleType]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if module := actions.get(f"{node.module}.{alias.name}"):
                    yield alias.asname or alias.name, module


# --- 3: tables


def unlocked(tables: dict[str, set[str]], ungoverned: dict[str, str]) -> list[str]:
    """Tables that neither both triggers keep nor a written reason leaves open."""
    return [
        table
        for table, triggers in tables.items()
        if table not in ungoverned and not {"gate", "out_of_band"} <= triggers
    ]


# --- 4: permissions


def unasked(permissions: list[str], files: Sources) -> list[str]:
    """Permissions that no action, query or rule asks for."""
    asking = "\n".join(
        text
        for path, text in files.items()
        if {"actions", "actions.py", "queries.py", "rules.py"} & set(Path(path).parts)
    )
    return [
        p
        for p in permissions
        if f"Permission.{p.upper()}" not in asking and f'"accounts.{p}"' not in asking
    ]


# --- 5: states


def unplaced(statuses: set[str], table: dict[Any, tuple[Any, ...]]) -> set[str]:
    """States that the table does not know, as a start or as an end."""
    known = {str(state) for state in table}
    ends = {str(state) for after in table.values() for state in after}
    return {str(s) for s in statuses} ^ known | ends - known


# --- 6: form


def is_door(path: str) -> bool:
    parts = Path(path).with_suffix("").parts
    return bool(DOORS & set(parts[1:]))


def too_long(files: Sources) -> list[str]:
    found = [f"{path}: {n} lines" for path, t in files.items() if (n := lines(t)) > FILE_CAP]
    return found + [f"{where}: {n} lines" for where, n in functions(files) if n > FUNCTION_CAP]


def lines(text: str) -> int:
    return text.count("\n")


def functions(files: Sources) -> list[tuple[str, int]]:
    return [
        (f"{path}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)
        for path, text in files.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def spread(files: Sources) -> tuple[float, int, int]:
    """Median and 95th percentile of files with anything in them; 95th percentile of functions."""
    sizes = sorted(n for text in files.values() if (n := lines(text)))
    lengths = sorted(n for _, n in functions(files))
    return median(sizes), sizes[len(sizes) * 95 // 100], lengths[len(lengths) * 95 // 100]


FORBIDDEN = {
    r"@receiver|\bSignal\(|\b(pre|post)_(save|delete|init)\b|m2m_changed": "a signal",
    r"^\s*from \S+ import \*": "a star import",
    r"\bTYPE_CHECKING\b": "a TYPE_CHECKING escape",
    r"\bTO" r"DO\b|\bFIX" r"ME\b": "an unfinished note",
    r"bulk_update\(|_raw_delete\(|ignore_conflicts|\.raw\(": "a write without a diff",
}
RAW_SQL = re.compile(r"\bcursor\.execute\(|\.execute\(")
MAY_SAY_SQL = (
    "audit/",
    "accounts/point/listener.py",
    "accounts/statements.py",
    "governance/embedded/",
    "governance/health.py",
    "governance/views.py",
)
# Derived rows, and events: neither has diffs of its own.
MAY_WRITE_ROWS = ("accounts/grants.py", "audit/refusals.py")


def breaches(files: Sources) -> list[str]:
    found = []
    for path, text in files.items():
        rules = dict(FORBIDDEN)
        if is_door(path):
            rules[r"\.objects\b|_default_manager|_base_manager"] = "a query in a door"
        if path not in MAY_WRITE_ROWS:
            rules[r"bulk_create\("] = "a write without a diff"
        if not path.startswith(MAY_SAY_SQL):
            rules[RAW_SQL.pattern] = "raw SQL"
        if path.startswith("audit/governed.py"):
            rules.pop(next(r for r in rules if "raw_delete" in r))
        for rule, what in rules.items():
            found += [
                f"{path}:{text[: match.start()].count(chr(10)) + 1}: {what}"
                for match in re.finditer(rule, text, re.MULTILINE)
            ]
        found += [f"{path}: {what}" for what in misformed(path, text)]
    return found


def misformed(path: str, text: str) -> list[str]:
    found = []
    tree = ast.parse(text)
    if text.strip() and not ast.get_docstring(tree):
        found.append("no docstring that says its one job")
    if Path(path).stem in ("utils", "helpers", "common", "misc"):
        found.append("a module without a noun")
    for outer in ast.walk(tree):
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef) and any(
            isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(outer)
        ):
            found.append(f"a lazy import in {outer.name}")
    return found
