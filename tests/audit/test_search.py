"""The language of the trail's search: what it means, and what it refuses with a helpful word."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts.actions import grants, groups, people
from audit import queries
from audit.context import Origin, entered
from audit.language import Term, parse
from audit.models import Event
from audit.qualifiers import QUALIFIERS
from audit.search import Search
from tests.cast import role


def found(user, text):
    return list(queries.events(user, Search.of(text)))


def verbs(user, text):
    return {event.verb for event in found(user, text)}


# --- the grammar


def test_terms_as_they_stand():
    assert parse('ct-scans "lung cancer" -web actor:bob -verb:"grant.open" ip:2001:db8::1') == (
        Term("", "ct-scans"),
        Term("", "lung cancer"),
        Term("", "web", negated=True),
        Term("actor", "bob"),
        Term("verb", "grant.open", negated=True),
        Term("ip", "2001:db8::1"),
    )


@given(st.text(max_size=80))
@example('-"a" x:"b c" "')
@example("a:b:c -a:- \\ '' *")
def test_any_text_is_read_or_refused_and_says_itself_again(text):
    try:
        terms = parse(text)
    except ValidationError as error:
        assert len(error.messages[0]) > 20
        return
    assert parse(" ".join(map(str, terms))) == terms


WRONG = {
    "actr:bob": "Known: actor",
    "²*": "no letter and no digit",
    "𝟘*": "no letter and no digit",
    "until:0001-01-01": "in the years 1970 to 2200",
    "since:9999-12-31": "in the years 1970 to 2200",
    "until:9999-12-31": "in the years 1970 to 2200",
    "until:9999-12-31T23:59-23:59": "in the years 1970 to 2200",
    "since:0001-01-01T00:00+23:59": "in the years 1970 to 2200",
    "since:999999w": "in the years 1970 to 2200",
    "http://example.org": "in quotation marks",
    'actor:"bob': "A quotation mark is open",
    'sca"ns': "quotation mark inside",
    "actor:": "Write actor:value",
    "actor:b*b": "only at the end",
    "actor:*": "at least one character",
    "outcome:maybe": "ok, denied, failed",
    "class:secret": "data_access",
    "door:window": "web, rest, authzen, forward",
    "since:yesterday": "7d",
    "since:9999999d": "7d",
    "since:2026-02-30": "2026-05-03",
    "since:1d since:2d": "once",
    "-since:1d": "not negated",
    "ip:10.0.0.256": "192.0.2.0/24",
    "ip:example.org": "192.0.2.7",
    "request:1": "X-Request-ID",
    "object:ab": "three characters",
    "-": "must not be",
    '"..."': "no letter and no digit",
    '""': "is empty",
    "a\x00b": "U+0000",
    "\ud800": "U+D800",
    "x" * 501: "500 characters",
    "a " * 31: "30 terms",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_says_what_is_right(text):
    with pytest.raises(ValidationError) as error:
        Search.of(text)
    assert WRONG[text] in error.value.message_dict["q"][0]


HOSTILE = [
    "' or 1=1 --",
    "'; drop table audit_event; --",
    "%' and '%'='",
    "actor:%",
    "resource:_%",
    "(a|b)*c+[d-z]{9}",
    "a & !b | (c <-> d):*",
    "actor:bob'; purpose:x\\' key:a:*",
    "changed:a'b=c\\",
    'changed:a=["x"]',
    "purpose:'*",
    "\\",
    "¹ ² ﷽ ß İ",
]


@pytest.mark.parametrize("text", ["since:2026-05-03T10:00+16:00", "until:2026-05-03T10:00-23:59"])
def test_a_far_offset_is_a_time_as_well(cast, text):
    found(cast.dana, text)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_words_like_any_other(cast, text):
    try:
        assert found(cast.dana, text) == []
    except ValidationError as error:
        assert len(error.messages[0]) > 20


pieces = st.one_of(
    st.sampled_from([f"{name}:" for name in QUALIFIERS]),
    st.sampled_from(
        ["-", '"', "*", "=", "@", "/", "%", "_", "'", "\\", ":", "1e999", "NaN", "[", "10"]
    ),
    st.text(max_size=6),
    st.sampled_from([" ", "a", "2026-01-01", "::1", "0.0.0.0/0", "true", "null", "9d"]),
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(pieces, max_size=12).map("".join))
@example("changed:a=1e999")
@example("changed:a=NaN")
@example("ip:::/0")
@example("since:0001-01-01 until:0001-01-01")
def test_any_text_is_answered_or_refused(cast, text):
    try:
        search = Search.of(text)
    except ValidationError as error:
        assert len(error.messages[0]) > 20
        return
    list(queries.events(cast.dana, search)[:3])
    assert Search.of(str(search)) == search


# --- the meaning


@pytest.fixture
def told(cast):
    """Two acts of two people through two doors."""
    web = Origin(door="web", address="192.0.2.7", key="k1")
    rest = Origin(door="rest", address="2001:db8::7")
    with entered(web):
        grants.give(role("reader"), cast.bob, cast.scans, reason="Ticket ML-204", by=cast.alice)
        Event.objects.create(kind="act", verb="test.read", purpose="research", key="k2")
    with entered(rest):
        groups.create(name="Ärzte", by=cast.erin)
    return Event.objects.get(verb="group.create", object_repr="Ärzte", kind="act")


MEANING = {
    "ML-204": {"grant.open"},
    "ml 204 ticket": {"grant.open"},
    '"ticket ml"': {"grant.open"},
    '"ml ticket"': set(),
    "tick*": {"grant.open"},
    "ärzte": {"group.create"},
    "-ticket verb:grant.open actor:alice since:1h resource:oncology/ct-scans": set(),
    "actor:alice ticket": {"grant.open"},
    "actor:al* ticket": {"grant.open"},
    "actor:ali ticket": set(),
    "ip:192.0.2.7": {"grant.open", "test.read"},
    "ip:192.0.2.0/24": {"grant.open", "test.read"},
    "ip:192.0.3.0/24": set(),
    "ip:2001:db8::/32": {"group.create"},
    "key:k1": {"grant.open"},
    "key:k*": {"grant.open", "test.read"},
    "purpose:research": {"test.read"},
    "purpose:rese": set(),
    "door:rest": {"group.create"},
    "door:rest door:web": {"group.create", "grant.open", "test.read"},
    "-door:system -door:db": {"group.create", "grant.open", "test.read"},
    "verb:grant ticket": {"grant.open"},
    "verb:grant.* ticket": {"grant.open"},
    "verb:gran ticket": set(),
    "verb:gran* ticket": {"grant.open"},
    "class:authorization ticket": {"grant.open"},
    "class:data_access ticket": set(),
    "object:rzt": {"group.create"},
    "resource:oncology/ct-scans ticket": {"grant.open"},
    "resource:oncology/ct ticket": set(),
    "resource:oncology/ct* ticket": {"grant.open"},
    "since:1h until:2199-01-01 ticket": {"grant.open"},
    "until:1h ticket": set(),
    "outcome:denied ticket": set(),
    "-outcome:denied ticket": {"grant.open"},
}


@pytest.mark.parametrize("text", MEANING)
def test_meaning(cast, told, text):
    assert verbs(cast.dana, text) == MEANING[text]


def test_one_call_by_its_id(cast, told):
    assert found(cast.dana, f"request:{told.request_id}") == [told]


def test_what_changed_finds_the_diffs(cast):
    people.set_name(cast.bob, name="Robert", by=cast.bob)
    for text in ("changed:name=Robert", "changed:name actor:bob", "changed:name=Bob actor:bob"):
        (diff,) = found(cast.dana, text)
        assert diff.kind == "change" and diff.changes["name"] == ["Bob", "Robert"]
    assert found(cast.dana, "changed:name=Roberta") == []
    people.set_preferences(cast.bob, theme="", shortcuts=False, by=cast.bob)
    (diff,) = found(cast.dana, "changed:shortcuts=false")
    act = queries.act_of(cast.dana, diff)
    assert act and act.verb == "person.set_preferences"


def test_who_did_what_on_what_and_when_is_one_query(cast, told, django_assert_num_queries):
    search = Search.of(
        "actor:alice verb:grant resource:oncology/ct-scans since:1d until:2199-01-01"
    )
    with django_assert_num_queries(1):
        rows = list(Event.objects.filter(search.condition()))
    assert "grant.open" in {row.verb for row in rows}


# --- whose it is


def test_a_steward_finds_what_people_do_with_their_own_on_hers(cast):
    """Bob gives up what he holds: decided as his own, and still about Alice's data."""
    grant = grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice)
    grants.revoke(grant, by=cast.bob)
    (act,) = found(cast.alice, "verb:grant.revoke actor:bob")
    assert act.resource_id == cast.scans.pk and act.decision[0]["rule"] == "renounce"
    people.set_name(cast.bob, name="Robert", by=cast.bob)
    assert found(cast.alice, "verb:person actor:bob") == []


def test_a_steward_finds_nothing_of_elsewhere_by_any_word(cast, told):
    assert found(cast.dana, "ärzte") and found(cast.dana, "object:rzt")
    for text in ("ärzte", "object:rzt", "actor:erin", "door:rest", "changed:name", "group.create"):
        assert all(e.resource_path.startswith("/oncology/") for e in found(cast.alice, text))
    assert "erin" not in queries.recent_values(cast.alice, "actor_repr", "er")
