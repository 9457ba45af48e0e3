"""What the health data asks for, who has signed it, and two grants that changed."""

from __future__ import annotations

from accounts.actions import agreements, grants
from accounts.grants import Reach
from accounts.models import Agreement, Grant, Role, Signature, User
from governance.demo.catalogue import DIABETES, MODEL, TABLE, at
from governance.demo.people import Cast
from registry.actions import assets
from registry.models import Asset

DUA = "data-use-2026"
TEXT = (
    "I use this data for the purpose that I named and on machines of the institute only.\n"
    "I try to identify nobody, and I report what looks like a breach within a day."
)
SECOND = "Looks at what the study publishes."
WAITS = "Waits for the renewal of the ethics vote."
REVIEWED = "For the privacy review: the first version only."


def sign(cast: Cast) -> None:
    """Before anybody downloads: whoever does has signed."""
    dua = Agreement.objects.filter(slug=DUA).first() or agreements.define(
        slug=DUA, kind="data_use", title="Data-use agreement 2026", text=TEXT, by=cast.erin
    )
    for person in (cast.alice, cast.bob):
        if not Signature.objects.filter(agreement=dua, user=person).exists():
            evidence = f"Signed copy of {person.label}, file DUA-2026-{person.username}"
            agreements.record(dua, person, evidence=evidence, by=cast.erin)
    table = Asset.objects.get(pk=at(TABLE).pk)
    if DUA not in table.required_agreements:
        assets.edit(table, required_agreements=[DUA], by=cast.alice)


def change(cast: Cast) -> None:
    """One grant for a range of versions, one that is suspended for now."""
    reader = Role.objects.get(slug="reader")
    if not given(cast.petra, REVIEWED):
        reach = Reach(1, 1, Grant.NewVersions.ASK)
        grants.give(reader, cast.petra, at(MODEL), reach=reach, reason=REVIEWED, by=cast.alice)
    if not given(cast.petra, SECOND):
        grant = grants.give(reader, cast.petra, at(DIABETES), reason=SECOND, by=cast.bob)
        grants.suspend(grant, reason=WAITS, by=cast.bob)


def given(subject: User, reason: str) -> bool:
    return Grant.objects.filter(user=subject, reason=reason).exists()
