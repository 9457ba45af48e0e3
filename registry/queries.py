"""What a person may see of the registry; every read of a door starts here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.http import Http404

from accounts.models import Resource, User, counts_as
from accounts.models.vocabulary import Kind, State
from accounts.permissions import Permission
from accounts.queries import find, held_among, own_grants
from audit.hidden import find as find_row
from audit.qualifiers import words
from registry.models import Asset, Blob, Dataset, File, Lineage, MLModel, Project, Version

KINDS: dict[str, Any] = {
    Kind.PROJECT: Project,
    Kind.DATASET: Dataset,
    Kind.MODEL: MLModel,
    Kind.VERSION: Version,
}


def projects(user: User) -> QuerySet[Project]:
    return user.visible(Project, Permission.DISCOVER).select_related("owner")


def find_projects(user: User, *, text: str = "") -> QuerySet[Project]:
    found = projects(user)
    for word in words(text):
        found = found.filter(
            Q(path__icontains=word) | Q(name__icontains=word) | Q(description__icontains=word)
        )
    return found


def movable_to(user: User) -> QuerySet[Project]:
    """Where a dataset or model may be put."""
    found: QuerySet[Project] = user.visible(Project, Permission.EDIT)
    return found


def assets(
    user: User, *, text: str = "", kind: str = "", project: str = "", classification: str = ""
) -> QuerySet[Asset]:
    """The catalogue: what may be discovered, by words in name, description and tags.

    Classification is what it counts as, with what it was made from.
    """
    found: QuerySet[Asset] = user.visible(Asset, Permission.DISCOVER).select_related("owner")
    found = found.annotate(counts_as=counts_as())
    for word in words(text):
        found = found.filter(
            Q(path__icontains=word)
            | Q(name__icontains=word)
            | Q(description__icontains=word)
            | Q(tags__icontains=word)
        )
    if kind:
        found = found.filter(kind=kind)
    if classification:
        found = found.filter(Q(counts_as=classification))
    if project:
        found = found.filter(path__startswith=f"/{project}/")
    return found


def alone(
    user: User, *, text: str = "", kind: str = "", project: str = "", classification: str = ""
) -> QuerySet[Version]:
    """Versions that one may see without the dataset or model they lie in: by a grant on some of
    its versions, or on one. The catalogue has no other row that leads to them."""
    mine = own_grants(user)
    near = Q(parent__in=mine.exclude(first_version=None).values("resource"))
    near |= Q(pk__in=mine.filter(resource__kind=Kind.VERSION).values("resource"))
    there = dict(Version.objects.filter(near).values_list("pk", "parent"))
    seen = held_among(user, Permission.DISCOVER, [*there, *there.values()]) if there else set()
    lone = [pk for pk, parent in there.items() if pk in seen and parent not in seen]
    within = f"/{project}/" if project else "/"
    found: QuerySet[Version] = Version.objects.filter(pk__in=lone, path__startswith=within)
    found = found.select_related("parent").annotate(counts_as=counts_as())
    for word in words(text):
        found = found.filter(Q(path__icontains=word) | Q(parent__name__icontains=word))
    if kind:
        found = found.filter(parent__kind=kind)
    if classification:
        found = found.filter(Q(counts_as=classification))
    return found


def strictest(row: Resource) -> str:
    """What a single one counts as; the rows of a list bring it along."""
    asked = Resource.objects.filter(pk=row.pk).annotate(counts_as=counts_as())
    found: str | None = asked.values_list("counts_as", flat=True).first()
    return found or row.classification


def assets_of(user: User, kind: str, *, text: str = "", project: str = "") -> QuerySet[Any]:
    """As `assets`, each row as what it is."""
    found = assets(user, text=text, kind=kind, project=project)
    ids = found.order_by().values("pk")
    rows: QuerySet[Any] = KINDS[kind].objects.annotate(counts_as=counts_as()).filter(pk__in=ids)
    return rows.select_related("owner", "parent")


def datasets(user: User) -> QuerySet[Dataset]:
    return user.visible(Dataset, Permission.DISCOVER).select_related("owner")


def models(user: User) -> QuerySet[MLModel]:
    return user.visible(MLModel, Permission.DISCOVER).select_related("owner")


def versions(user: User, asset: Resource | None = None) -> QuerySet[Version]:
    found: QuerySet[Version] = user.visible(Version, Permission.READ).select_related("owner")
    found = found.annotate(counts_as=counts_as())
    return found if asset is None else found.filter(parent=asset.pk)


def files(user: User, version: Version | None = None) -> QuerySet[File]:
    readable = user.visible(Version, Permission.READ)
    found = File.objects.filter(version__in=readable).select_related("version", "blob")
    return found if version is None else found.filter(version=version)


def lineage(user: User, version: Version) -> dict[str, QuerySet[Lineage]]:
    """Its sources and what was made from it, as far as the person may see them."""
    seen = user.visible(Version, Permission.DISCOVER)
    return {
        "made_from": version.made_from.filter(parent__in=seen).select_related("parent"),
        "used_by": version.used_by.filter(child__in=seen).select_related("child"),
    }


def measured(user: User, asset: Resource) -> QuerySet[Version]:
    """The versions of an asset, newest first, with how much is in each."""
    found = versions(user, asset).annotate(n_files=Count("files"), bytes=Sum("files__size"))
    return found.order_by("-number")


def latest(user: User, asset: Resource) -> Version | None:
    return measured(user, asset).filter(state=State.APPROVED).first()


def file(user: User, version: Version, path: str) -> File:
    return find_row(user, files(user), version=version, path=path)


def by_address(user: User, address: str, permission: str = Permission.DISCOVER) -> Any:
    """`project`, `project/name` or `project/name@v3`; what may not be seen is not there."""
    if "\x00" in address:  # PostgreSQL knows no such text
        raise Http404
    return shaped(find(user, permission, path=f"/{address.strip('/').replace('@', '/')}/"))


def by_uid(user: User, uid: UUID, permission: str = Permission.DISCOVER) -> Any:
    return shaped(find(user, permission, uid=uid))


def shaped(resource: Resource) -> Any:
    """The row as what it is: a Dataset and not just a Resource."""
    if resource.kind not in KINDS:
        raise Http404
    return KINDS[resource.kind].objects.select_related("owner", "parent").get(pk=resource.pk)


def counts(user: User) -> dict[str, int]:
    rows = user.visible(Resource, Permission.DISCOVER).values("kind").annotate(n=Count("pk"))
    return {row["kind"]: row["n"] for row in rows.order_by("kind")}


def blobs(user: User) -> QuerySet[Blob]:
    """Bytes that some version holds which the person may read."""
    found: QuerySet[Blob] = Blob.objects.filter(pk__in=files(user).values("blob"))
    return found.select_related("first_stored").order_by("-created_at")


def edges(user: User) -> QuerySet[Lineage]:
    """Lineage of which both ends may be discovered."""
    seen = user.visible(Version, Permission.DISCOVER).values("pk")
    found: QuerySet[Lineage] = Lineage.objects.filter(child__in=seen, parent__in=seen)
    return found.select_related("child", "parent")


def is_stored(sha256: str) -> bool:
    """For the clock: does any record name these bytes?"""
    return Blob.objects.filter(pk=sha256).exists()
