"""Celery: a task is a door too, with its own call and a keeper of refusals."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from celery import Task, current_app, shared_task
from django.db import transaction

from audit.context import Origin, entered, origin
from audit.refusals import keeper

P = ParamSpec("P")
R = TypeVar("R")


def job(function: Callable[P, R]) -> Task[Any, Any]:
    """A task whose events say so, and carry the request that asked for it."""

    @wraps(function)
    def run(*args: Any, request_id: str | None = None, **kwargs: Any) -> R:
        call = Origin(door="task")
        if request_id:
            call.request_id = UUID(request_id)
        with entered(call), keeper():
            return function(*args, **kwargs)

    return shared_task(run)


def after_commit(task: Task[Any, Any], *args: Any) -> None:
    """Send the task when, and only when, the transaction has committed.

    A broker that is down loses a notice, never the change that it was about.
    """
    request_id = str(origin().request_id)

    def send() -> None:
        task.delay(*args, request_id=request_id)

    transaction.on_commit(send, robust=True)


def after_commit_by_name(name: str, *args: Any) -> None:
    """For an action, which lies below the tasks and so holds none."""

    def send() -> None:
        current_app.send_task(name, args, {"request_id": request_id})

    request_id = str(origin().request_id)
    transaction.on_commit(send, robust=True)
