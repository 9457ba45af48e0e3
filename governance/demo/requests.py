"""Thirty requests, in every state that a request reaches while the demo loads."""

from __future__ import annotations

from dataclasses import dataclass

from access.actions import requests
from access.models import AccessRequest, ApprovalStep, Status
from accounts.actions import grants
from accounts.models import Grant, Role, User
from governance.demo.catalogue import DIABETES, MODEL, TABLE, at
from governance.demo.people import Cast

WAITING, HALF = "waiting", "half approved"
APPROVED, REVOKED = "approved", "revoked"
REJECTED, REJECTED_LATE = "rejected", "rejected by the second"
CANCELLED = "cancelled"


@dataclass(frozen=True)
class Wish:
    """One request and how far it comes; its justification tells it from the others."""

    who: str
    address: str
    role: str
    purpose: str
    why: str
    ends: str
    days: int = 30
    comment: str = ""
    subject: str = ""


# What is over comes first: nobody asks for what they hold, or twice for the same at once.
WISHES = (
    Wish("bob", TABLE, "reader", "research", "Cohort for the nuclei study.", CANCELLED),
    Wish("bob", MODEL, "contributor", "quality_assurance", "Upload a recheck.", CANCELLED, 14),
    Wish("bob", f"{MODEL}@v1", "deployer", "inference", "Try it on the wards.", CANCELLED, 7),
    Wish("alice", f"{DIABETES}@v1", "reader", "model_training", "Baseline model.", CANCELLED, 60),
    Wish("erin", TABLE, "reader", "quality_assurance", "Check the import.", CANCELLED, 1),
    *(
        Wish("bob", TABLE, "contributor", "research", "Add the 2026 rows.", REJECTED, 30,
             "New rows come from the clinic's export only."),
        Wish("bob", MODEL, "deployer", "inference", "Score the outpatient list.", REJECTED, 90,
             "Validate it on a second cohort first."),
        Wish("bob", "oncology", "reader", "analytics", "Overview of all tables.", REJECTED, 90,
             "Name the table that you need."),
        Wish("bob", f"{TABLE}@v1", "reader", "bias_detection", "Compare by age.", REJECTED_LATE, 30,
             "The table holds no age: this purpose cannot be met."),
        Wish("alice", DIABETES, "contributor", "quality_assurance", "Fix column s5.", REJECTED, 7,
             "The values are as published and stay so."),
        Wish("alice", f"{DIABETES}@v1", "reader", "inference", "Nightly scoring.", REJECTED_LATE,
             365, "No person is treated by this table.", "scoring"),
        Wish("dana", TABLE, "reader", "quality_assurance", "Sample for the audit.", REJECTED, 7,
             "The trail answers this without the data."),
    ),
    *(
        Wish("bob", f"{MODEL}@v1", "deployer", "model_evaluation", "One trial run.", REVOKED, 7,
             "The trial has ended."),
        Wish("bob", TABLE, "contributor", "quality_assurance", "Correct two labels.", REVOKED, 14,
             "The labels are corrected."),
        Wish("alice", f"{DIABETES}@v1", "deployer", "model_evaluation", "Dry run.", REVOKED, 7,
             "The dry run is over.", "scoring"),
    ),
    *(
        Wish("bob", TABLE, "reader", "model_training", "Train the next classifier.", APPROVED, 30,
             "On the hospital's machines only."),
        Wish("bob", MODEL, "reader", "model_evaluation", "Compare with the old score.", APPROVED),
        Wish("bob", MODEL, "contributor", "research", "Publish calibration curves.", APPROVED, 90),
        Wish("alice", DIABETES, "reader", "research", "Second cohort for methods.", APPROVED, 180),
        Wish("alice", DIABETES, "reader", "model_evaluation", "Nightly evaluation.", APPROVED, 365,
             "For the evaluation job only.", "scoring"),
        Wish("dana", MODEL, "reader", "quality_assurance", "Read the model's card.", APPROVED, 7),
    ),
    *(
        Wish("bob", f"{TABLE}@v1", "contributor", "bias_detection", "Attach a datasheet.", HALF, 14,
             "Fine for the datasheet."),
        Wish("alice", f"{DIABETES}@v1", "contributor", "research", "Attach a codebook.", HALF, 14,
             "A codebook helps everybody."),
    ),
    Wish("bob", f"{TABLE}@v1", "reader", "research", "Pin version 1 for the paper.", WAITING, 365),
    Wish("bob", MODEL, "deployer", "quality_assurance", "Weekly regression test.", WAITING, 180),
    Wish("bob", f"{MODEL}@v1", "reader", "bias_detection", "Audit the coefficients.", WAITING),
    Wish("bob", f"{MODEL}@v1", "contributor", "research", "Add an ONNX export.", WAITING, 14),
    Wish("alice", DIABETES, "deployer", "inference", "Ready for scoring.", WAITING, 90,
         subject="scoring"),
    Wish("alice", DIABETES, "contributor", "model_training", "Upload the split.", WAITING),
    Wish("erin", MODEL, "reader", "security", "Review what the model reveals.", WAITING, 7),
)  # fmt: skip


def ask_all(cast: Cast) -> None:
    for wish in WISHES:
        settle(wish, ask(wish, cast), cast)


def ask(wish: Wish, cast: Cast) -> AccessRequest:
    found = AccessRequest.objects.filter(requester=cast[wish.who], justification=wish.why).first()
    return found or requests.submit(
        at(wish.address),
        Role.objects.get(slug=wish.role),
        purpose=wish.purpose,
        justification=wish.why,
        days=wish.days,
        subject=cast[wish.subject or wish.who],
        by=cast[wish.who],
    )


def settle(wish: Wish, request: AccessRequest, cast: Cast) -> None:
    """As far as the wish says; what is decided already stays as it is."""
    if request.status == Status.PENDING:
        if wish.ends == CANCELLED:
            requests.cancel(request, by=cast[wish.who])
        elif wish.ends == REJECTED:
            requests.reject(request, comment=wish.comment, by=decider(request, cast))
        elif wish.ends != WAITING:
            request = approve(wish, request, cast)
    if wish.ends == REVOKED and request.grant_id:
        grant = Grant.objects.get(pk=request.grant_id)
        if grant.closed_at is None:
            grants.revoke(grant, reason=wish.comment, by=steward(wish.address, cast))


def approve(wish: Wish, request: AccessRequest, cast: Cast) -> AccessRequest:
    """The first step; then the others, unless the wish stops there."""
    comment = "" if wish.ends in (REVOKED, REJECTED_LATE) else wish.comment
    if not request.steps.exclude(decision="").exists():
        request = requests.approve(request, comment=comment, by=decider(request, cast))
    if wish.ends == REJECTED_LATE:
        return requests.reject(request, comment=wish.comment, by=decider(request, cast))
    while wish.ends != HALF and request.status == Status.PENDING:
        request = requests.approve(request, by=decider(request, cast))
    return request


def decider(request: AccessRequest, cast: Cast) -> User:
    step = request.open_step
    private = step is not None and step.who == ApprovalStep.Who.PRIVACY
    return cast.petra if private else steward(request.resource.address, cast)


def steward(address: str, cast: Cast) -> User:
    return cast.alice if address.startswith("oncology") else cast.bob
