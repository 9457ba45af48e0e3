"""Answers that carry a file's bytes: all of them or a range, and nothing a browser would run."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from registry.models import File
from registry.storage import ByteRange, RangeNotSatisfiable, parse_range, read_range

INERT = "default-src 'none'; sandbox"


def wanted(request: HttpRequest, file: File) -> ByteRange | None:
    """The range asked for; ignored when it was meant for other bytes (If-Range, RFC 9110 §13)."""
    if request.headers.get("If-Range", etag(file)) != etag(file):
        return None
    return parse_range(request.headers.get("Range"), file.size)


def told(request: HttpRequest, part: ByteRange | None) -> str:
    """How much of the file goes out, for its event."""
    if request.method == "HEAD":
        return "headers only"
    return part.content_range if part else ""


def stream(file: File, part: ByteRange | None, *, bare: bool = False) -> HttpResponseBase:
    """Call it after the action `file.download` returned, never before. `bare`: headers only."""
    start, stop = (part.start, part.stop) if part else (0, file.size)
    response = StreamingHttpResponse(
        () if bare else read_range(file.sha256, start, stop),
        status=206 if part else 200,
        content_type="application/octet-stream",
    )
    response["Content-Length"] = str(stop - start)
    if part:
        response["Content-Range"] = part.content_range
    return dressed(response, file)


def unsatisfiable(error: RangeNotSatisfiable, file: File) -> HttpResponseBase:
    response = HttpResponse(str(error), status=416, content_type="text/plain; charset=utf-8")
    response["Content-Range"] = error.content_range
    return dressed(response, file)


def dressed(response: HttpResponseBase, file: File) -> HttpResponseBase:
    name = file.path.rpartition("/")[2]
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag(file)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = INERT
    return response


def etag(file: File) -> str:
    return f'"{file.sha256}"'
