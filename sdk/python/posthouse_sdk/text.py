"""Text that the host completes: literals, secrets, signatures. Plain data until a request is sent."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Literal, Optional, Union
from urllib.parse import quote

#: How a secret or a signature is written: as it is, percent-encoded (RFC 3986), or as inside a JSON string.
Escape = Literal["none", "percent", "json"]
#: How a signature's bytes are written.
DigestEncoding = Literal["hex", "base64", "base64-url"]


@dataclass(frozen=True)
class Literal_:
    """Text that is never expanded."""

    text: str


@dataclass(frozen=True)
class Secret:
    """The value of a secret."""

    name: str
    escape: Optional[Escape] = None


@dataclass(frozen=True)
class Hmac:
    """A signature."""

    key: "Text"
    message: "Text"
    encoding: DigestEncoding = "hex"
    escape: Optional[Escape] = None


@dataclass(frozen=True)
class Base64:
    """Base64 of another text."""

    of: "Text"


Piece = Union[Literal_, Secret, Hmac, Base64]
#: What may stand for a text.
TextLike = Union[str, "Text"]


@dataclass(frozen=True)
class Text:
    """Literal pieces, secrets and signatures, in order; ``+`` joins. Made by the functions of this module."""

    pieces: tuple[Piece, ...] = ()

    @classmethod
    def of(cls, value: TextLike) -> "Text":
        """A text from a string or a text."""
        return value if isinstance(value, Text) else cls((Literal_(str(value)),) if value != "" else ())

    def __add__(self, other: TextLike) -> "Text":
        return Text(_merged(self.pieces + Text.of(other).pieces))

    def __radd__(self, other: TextLike) -> "Text":
        return Text.of(other) + self

    def __str__(self) -> str:
        """Its shape, never a secret."""
        named = (p.text if isinstance(p, Literal_) else "{" + type(p).__name__.lower() + "}" for p in self.pieces)
        return "".join(named)

    def __format__(self, spec: str) -> str:
        raise TypeError("a secret cannot stand in an f-string: write text('… {} …', value), or join with +")


def secret(name: str, escape: Optional[Escape] = None) -> Text:
    """The value of a secret of the tenant, which the plugin itself never sees.

    ``escape``: when not given, the place decides: ``url`` percent-encodes, ``json_text`` escapes, ``text`` writes as is.
    A request with a secret that was not granted toward its host is refused.
    """
    return Text((Secret(name, escape),))


def hmac_sha256(
    key: TextLike, message: TextLike, encoding: DigestEncoding = "hex", escape: Optional[Escape] = None
) -> Text:
    """HMAC-SHA-256 (RFC 2104), computed by the host; key and message may hold secrets."""
    return Text((Hmac(Text.of(key), Text.of(message), encoding, escape),))


def base64(of: TextLike) -> Text:
    """Base64 with padding of what a text completes to; it may hold secrets."""
    return Text((Base64(Text.of(of)),))


def basic_auth(user: TextLike, password: TextLike) -> Text:
    """The value of an ``Authorization`` header for HTTP's Basic authentication."""
    return "Basic " + base64(Text.of(user) + ":" + password)


def text(template: str, *values: TextLike) -> Text:
    """``text("Bearer {}", secret("token"))``: each ``{}`` is filled with the next value, as it is."""
    return _filled(template, values, "none", str)


def url(template: str, *values: "TextLike | int") -> Text:
    """``url("https://api.example.com/users/{}", address)``: each ``{}`` is filled with the next value, percent-encoded."""
    return _filled(template, values, "percent", lambda value: quote(str(value), safe="-._~"))


def json_text(value: Any) -> Text:
    """A value as JSON; secrets and signatures may stand anywhere a string may."""
    pieces: list[Piece] = []
    _write_json(value, pieces)
    return Text(_merged(tuple(pieces)))


def _filled(template: str, values: tuple, escape: Escape, write: Any) -> Text:
    literals = template.split("{}")
    if len(literals) != len(values) + 1:
        raise ValueError(f"{len(literals) - 1} places and {len(values)} values in {template!r}")
    pieces: list[Piece] = []
    for place, literal in enumerate(literals):
        pieces.append(Literal_(literal))
        if place < len(values):
            value = values[place]
            if isinstance(value, Text):
                pieces.extend(_placed(piece, escape) for piece in value.pieces)
            else:
                pieces.append(Literal_(write(value)))
    return Text(_merged(tuple(pieces)))


def _placed(piece: Piece, escape: Escape) -> Piece:
    if isinstance(piece, (Secret, Hmac)) and piece.escape is None and escape != "none":
        return replace(piece, escape=escape)
    return piece


def _write_json(value: Any, pieces: list[Piece]) -> None:
    if isinstance(value, Text):
        pieces.append(Literal_('"'))
        for piece in value.pieces:
            if isinstance(piece, Literal_):
                pieces.append(Literal_(_dumps(piece.text)[1:-1]))
            else:
                pieces.append(_placed(piece, "json"))
        pieces.append(Literal_('"'))
    elif isinstance(value, dict):
        for n, (key, item) in enumerate(value.items()):
            pieces.append(Literal_(("," if n else "{") + _dumps(str(key)) + ":"))
            _write_json(item, pieces)
        pieces.append(Literal_("}" if value else "{}"))
    elif isinstance(value, (list, tuple)):
        for n, item in enumerate(value):
            pieces.append(Literal_("," if n else "["))
            _write_json(item, pieces)
        pieces.append(Literal_("]" if value else "[]"))
    else:
        pieces.append(Literal_(_dumps(value)))


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _merged(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    merged: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Literal_) and merged and isinstance(merged[-1], Literal_):
            merged[-1] = Literal_(merged[-1].text + piece.text)
        elif piece != Literal_(""):
            merged.append(piece)
    return tuple(merged)
