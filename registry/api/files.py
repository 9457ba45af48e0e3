"""The files of a version: streamed in, streamed out by one decision and one event each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.http.response import HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, parsers, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.purposes import Purpose
from audit.doors.noun import Door, op
from audit.doors.rest import StrictJSONParser, StrictSerializer
from registry import doors, queries
from registry.actions import files
from registry.api.checksums import announced
from registry.manifest import clean_path
from registry.models import File
from registry.storage import CHUNK, RangeNotSatisfiable

BYTES = "application/octet-stream"


class BytesParser(parsers.BaseParser):
    """The body as it comes in, a piece at a time."""

    media_type = BYTES

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return pieces(stream)


def pieces(stream: Any) -> Iterator[bytes]:
    while piece := stream.read(CHUNK):
        yield piece


class LengthRequired(exceptions.APIException):
    status_code = 411
    default_detail = "Say how long the file is: send Content-Length, unchunked and uncompressed."


class OutOfRange(exceptions.APIException):
    status_code = 416

    def __init__(self, error: RangeNotSatisfiable) -> None:
        super().__init__(str(error))
        self.content_range = error.content_range


class FileOut(serializers.ModelSerializer[File]):
    class Meta:
        model = File
        fields = ("path", "size", "sha256", "uri", "created_at")


class FileIn(StrictSerializer):
    path = serializers.CharField(max_length=512)
    uri = serializers.URLField(max_length=1000, help_text="Where the bytes are; not copied.")
    size = serializers.IntegerField(min_value=0, max_value=2**63 - 1)
    sha256 = serializers.CharField(max_length=64)


def header(name: str, text: str) -> OpenApiParameter:
    return OpenApiParameter(name, location=OpenApiParameter.HEADER, description=text)


PURPOSE = OpenApiParameter("purpose", enum=Purpose.values, description="What it is fetched for.")
RANGE = header("Range", "`bytes=0-99`: a part (RFC 9110).")
DIGEST = header("Repr-Digest", "`sha-256=:…:` (RFC 9530); the upload fails when it differs.")
PATH = OpenApiParameter("path", location=OpenApiParameter.PATH, description="Path in the version.")


class FileDoor(Door):
    def file_at(self, path: str) -> File:
        return queries.file(self.user, self.get_object(), clean_path(path))

    @op(gives=FileOut(many=True))
    @action(detail=True)
    def files(self, request: Request, uid: Any) -> Response:
        return self.page(queries.files(self.user, self.get_object()), FileOut)

    @op(FileIn, FileOut, 201)
    @files.mapping.post
    def refer(self, request: Request, uid: Any) -> Response:
        """Name bytes that stay elsewhere."""
        return self.put_down(files.refer(self.get_object(), by=self.user, **self.body()))

    @extend_schema(parameters=[PATH, PURPOSE, RANGE], responses={(200, BYTES): OpenApiTypes.BINARY})
    @action(
        detail=True,
        url_path="files/<path:path>",
        url_name="file",
        parser_classes=[BytesParser, StrictJSONParser],
    )
    def file(self, request: Request, uid: Any, path: str) -> HttpResponseBase:
        """Download: needs `download`; one decision, one event, then the bytes."""
        file = self.file_at(path)
        try:
            part = doors.wanted(request._request, file)
        except RangeNotSatisfiable as error:
            raise OutOfRange(error) from None
        told = {"purpose": self.purpose(), "part": doors.told(request._request, part)}
        files.download(file, by=self.user, **told)
        return doors.stream(file, part, bare=request.method == "HEAD")

    @extend_schema(
        parameters=[PATH, DIGEST], request={BYTES: OpenApiTypes.BINARY}, responses={201: FileOut}
    )
    @file.mapping.put
    def upload(self, request: Request, uid: Any, path: str) -> Response:
        """Upload: the raw bytes, checked against length and checksum while they are written."""
        version = self.get_object()
        length = request.META.get("CONTENT_LENGTH") or ""
        if not length.isdigit() or "Content-Encoding" in request.headers:
            raise LengthRequired
        if request.content_type.partition(";")[0].strip().lower() != BYTES:
            raise exceptions.UnsupportedMediaType(request.content_type)
        chunks: Any = request.data  # of BytesParser
        file = files.upload(
            version, path, chunks, sha256=announced(request.headers), size=int(length),
            by=self.user,
        )  # fmt: skip
        return self.put_down(file)

    @extend_schema(parameters=[PATH], responses={204: None})
    @file.mapping.delete
    def remove(self, request: Request, uid: Any, path: str) -> Response:
        files.remove(self.file_at(path), by=self.user)
        return Response(status=204)

    def purpose(self) -> str:
        stated = self.asked("purpose")
        if stated and stated not in Purpose.values:
            known = ", ".join(Purpose.values)
            raise ValidationError({"purpose": f"Unknown purpose. Known: {known}."})
        return stated

    def put_down(self, file: File) -> Response:
        answer = self.show(file, FileOut, 201)
        answer["Location"] = reverse("api-version-file", args=[file.version.uid, file.path])
        return answer

    def handle_exception(self, exc: Exception) -> Response:
        """RFC 9110 §15.5.17: a 416 tells the size there is."""
        answer: Response = super().handle_exception(exc)
        if isinstance(exc, OutOfRange):
            answer["Content-Range"] = exc.content_range
        return answer
