"""The field's words for what a resource is and what the law says of it."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

# No two names that look alike: lower case and ASCII only.
plain_slug = RegexValidator(
    r"\A[a-z0-9][a-z0-9-]*\Z", "Use lower-case letters, digits and hyphens."
)
plain_name = RegexValidator(
    r"\A[a-z0-9][a-z0-9._-]*\Z", "Use lower-case letters, digits, dots, hyphens and underscores."
)

ROOT_PATH = "/"


def as_uuid(text: str) -> UUID | None:
    """In any of its spellings."""
    try:
        return UUID(text)
    except ValueError:
        return None


def no_uuid(name: str) -> None:
    """A uuid names whoever has it, so nobody may go by that of another."""
    if as_uuid(name) is not None:
        raise ValidationError("This reads as a uuid: choose a name that does not.")


class Kind(models.TextChoices):
    ROOT = "root", "site"
    PROJECT = "project", "project"
    DATASET = "dataset", "dataset"
    MODEL = "model", "model"
    VERSION = "version", "version"


class State(models.TextChoices):
    """Of every kind; which follows which stands in the registry's transition table."""

    ACTIVE = "active", "active"
    DRAFT = "draft", "draft"
    PUBLISHED = "published", "published"
    DEPRECATED = "deprecated", "deprecated"
    PENDING = "pending", "pending"
    APPROVED = "approved", "approved"
    WITHDRAWN = "withdrawn", "withdrawn"
    RETIRED = "retired", "retired"


HIDDEN_STATES = (State.DRAFT, State.PENDING)
BLOCKED_STATES = (State.WITHDRAWN, State.RETIRED)


class Classification(models.TextChoices):
    PUBLIC = "public", "public"
    INTERNAL = "internal", "internal"
    CONFIDENTIAL = "confidential", "confidential"
    RESTRICTED = "restricted", "restricted"


class Category(models.TextChoices):
    PERSONAL = "personal", "personal data"
    SPECIAL = "special", "special category (GDPR Art. 9)"
    HEALTH = "health", "health data"
    FINANCIAL = "financial", "financial data"
    CHILDREN = "children", "data of children"


SENSITIVE_CATEGORIES = frozenset({Category.SPECIAL, Category.HEALTH})


class LawfulBasis(models.TextChoices):
    """GDPR Art. 6(1)."""

    CONSENT = "6.1.a", "consent (6.1.a)"
    CONTRACT = "6.1.b", "contract (6.1.b)"
    LEGAL_OBLIGATION = "6.1.c", "legal obligation (6.1.c)"
    VITAL_INTERESTS = "6.1.d", "vital interests (6.1.d)"
    PUBLIC_TASK = "6.1.e", "public task (6.1.e)"
    LEGITIMATE_INTERESTS = "6.1.f", "legitimate interests (6.1.f)"


class SpecialBasis(models.TextChoices):
    """GDPR Art. 9(2), the ones that apply to data and models."""

    EXPLICIT_CONSENT = "9.2.a", "explicit consent (9.2.a)"
    MANIFESTLY_PUBLIC = "9.2.e", "made public by the person (9.2.e)"
    HEALTH_CARE = "9.2.h", "health care (9.2.h)"
    PUBLIC_HEALTH = "9.2.i", "public health (9.2.i)"
    RESEARCH = "9.2.j", "scientific research (9.2.j)"


class HipaaForm(models.TextChoices):
    """45 CFR 164.501, 164.514."""

    PHI = "phi", "protected health information"
    LIMITED = "limited", "limited data set"
    DE_IDENTIFIED = "de_identified", "de-identified"
