"""Outbound HTTP through the host: only to what was granted, without redirects, TLS verified."""

from __future__ import annotations

import json as _json
from typing import Any, Literal, Mapping, Optional

from . import _host
from .failures import asking
from .text import Base64, Literal_, Secret, Text, TextLike, json_text

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
#: A body in JSON may be any value, null among them.
_NOTHING: Any = object()


class Answer:
    """An answer, of any status."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        #: 200 …
        self.status: int = raw.status()

    @property
    def ok(self) -> bool:
        """True for 200 to 299."""
        return 200 <= self.status <= 299

    def header(self, name: str) -> Optional[str]:
        """First value of a header; None when it was not sent. Case does not matter."""
        return self._raw.header(name)

    @property
    def retry_after_seconds(self) -> Optional[int]:
        """``Retry-After`` in seconds; None when it is missing or a date."""
        value = (self.header("retry-after") or "").strip()
        return int(value) if value.isascii() and value.isdigit() else None

    @property
    def text(self) -> str:
        """The body as text; what is not UTF-8 becomes U+FFFD."""
        return self._raw.text()

    @property
    def body(self) -> bytes:
        """The body."""
        return bytes(self._raw.body())

    def json(self) -> Any:
        """The body read as JSON. Raises ValueError when it is none."""
        return _json.loads(self.text)


def request(
    method: Method,
    url: TextLike,
    *,
    headers: Optional[Mapping[str, TextLike]] = None,
    json: Any = _NOTHING,
    body: "TextLike | bytes | None" = None,
    media_type: Optional[str] = None,
) -> Answer:
    """Sends a request and waits for the whole answer, at most 10 s and 1 MiB. Any status is an answer.

    ``json`` may hold secrets and signatures where strings may stand; ``body`` is text or bytes; at most 1 MiB. Host,
    Content-Length and hop-by-hop headers belong to the host.

    Raises HostError: "denied", "unreachable", "too-large" or "invalid".
    """
    host = _host.capability("http")
    with asking("http"):
        sent = host.Request(_host.enum("http", "Method", method.lower()), _completed(url))
        for name, value in (headers or {}).items():
            sent.set_header(name, _completed(value))
        if json is not _NOTHING:
            sent.set_body(media_type or "application/json; charset=utf-8", _completed(json_text(json)))
        elif isinstance(body, (bytes, bytearray)):
            sent.set_body_bytes(media_type or "application/octet-stream", bytes(body))
        elif body is not None:
            sent.set_body(media_type or "text/plain; charset=utf-8", _completed(body))
        return Answer(sent.send())


def get(url: TextLike, *, headers: Optional[Mapping[str, TextLike]] = None) -> Answer:
    """A GET request; see ``request``."""
    return request("GET", url, headers=headers)


def post(url: TextLike, *, headers: Optional[Mapping[str, TextLike]] = None, json: Any = _NOTHING) -> Answer:
    """A POST request; see ``request``."""
    return request("POST", url, headers=headers, json=json)


def _completed(value: TextLike) -> Any:
    template = _host.capability("templates").Template()
    for piece in Text.of(value).pieces:
        if isinstance(piece, Literal_):
            template.literal(piece.text)
        elif isinstance(piece, Secret):
            template.secret(piece.name, _escape(piece.escape))
        elif isinstance(piece, Base64):
            template.base64(_completed(piece.of))
        else:
            encoding = _host.enum("templates", "DigestEncoding", piece.encoding)
            template.hmac_sha256(_completed(piece.key), _completed(piece.message), encoding, _escape(piece.escape))
    return template


def _escape(escape: Optional[str]) -> Any:
    return _host.enum("templates", "Escape", escape or "none")
