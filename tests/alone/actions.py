"""Every action there is, loaded for certain, whatever another test happened to import."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

from audit.acts import ACTIONS
from tests.architecture import APPS


@cache
def every_action() -> dict[str, Callable[..., Any]]:
    for app in APPS:
        spec = find_spec(f"{app}.actions")
        for place in (spec.submodule_search_locations or []) if spec else []:
            for info in pkgutil.iter_modules([place], f"{app}.actions."):
                importlib.import_module(info.name)
    return {verb: act for verb, act in ACTIONS.items() if not verb.startswith("test.")}
