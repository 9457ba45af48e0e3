"""What an answer may cost in statements beside those of the decision itself."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.authentication import find_key
from gateway import authzen
from gateway.forward import forward
from tests.gateway.conftest import asks
from tests.rest import caller


@pytest.fixture
def credential(records):
    return records.dana.services.get(user__username="pep").user.keys.get()


def statements(question, *args) -> int:
    question(*args)  # names that are the same for everybody are known from now on
    with CaptureQueriesContext(connection) as seen:
        question(*args)
    return len(seen)


def test_a_question_and_a_batch_of_them(pep, credential):
    one = asks("alice", "read", "record-1")
    single = statements(authzen.evaluate, credential, one)
    assert single <= 8
    many = one | {"evaluations": [{}] * 20}
    assert statements(authzen.evaluations, credential, many) <= single + 19 * 3


def test_a_request_through_a_proxy(served, cast):
    key = find_key(caller(cast.bob).secret)
    found = statements(forward, key, "POST", "models.example.org", "/v1/models/tumour/infer")
    assert found <= 5
