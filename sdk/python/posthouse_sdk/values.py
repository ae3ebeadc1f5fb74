"""Small values: amounts, days, spans, findings."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Literal, Optional


class Urgency(str, Enum):
    """How soon a person should look. Equal to its word: ``Urgency.HIGH == "high"``."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


class Sentiment(str, Enum):
    """How the customer sounds. Equal to its word."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"
    ANGRY = "angry"


#: Which text a span points into: the subject, or the new text without quoted history.
TextPart = Literal["subject", "body"]


@dataclass(frozen=True)
class Span:
    """A piece of text: byte offsets into its UTF-8, end exclusive. Make it with ``span_in`` or ``span_of``."""

    part: TextPart
    start: int
    end: int


@dataclass(frozen=True)
class Finding:
    """How sure (0.0 to 1.0), and read from where."""

    confidence: float = 1.0
    span: Optional[Span] = None


@dataclass(frozen=True)
class Money:
    """An exact amount: ``units`` / 10^``scale`` of ``currency`` (ISO 4217). 49.90 EUR is ``Money(4990, 2, "EUR")``."""

    units: int
    #: At most 6.
    scale: int
    currency: str

    @classmethod
    def of(cls, amount: "str | Decimal", currency: str) -> "Money":
        """From digits: ``Money.of("49.90", "EUR")``. Raises ValueError for what is no amount."""
        try:
            sign, digits, exponent = Decimal(amount).as_tuple()
        except InvalidOperation:
            raise ValueError(f"no amount of money: {amount}") from None
        if not isinstance(exponent, int) or not -6 <= exponent <= 0:
            raise ValueError(f"no amount of money: {amount}")
        units = int("".join(map(str, digits)) or "0")
        return cls(-units if sign else units, -exponent, currency)

    @property
    def amount(self) -> Decimal:
        """As a decimal number."""
        return Decimal(self.units).scaleb(-self.scale)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"


@dataclass(frozen=True)
class Date:
    """A calendar day."""

    year: int
    month: int
    day: int

    @classmethod
    def of(cls, text: str) -> "Date":
        """From ISO 8601: ``Date.of("2026-03-01")``. Raises ValueError when it is not of this form."""
        day = datetime.date.fromisoformat(text)
        return cls(day.year, day.month, day.day)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}-{self.day:02}"


@dataclass(frozen=True)
class CivilTime:
    """A wall clock reading. ``weekday``: 1 is Monday, 7 is Sunday. ``offset_seconds``: what to add to UTC."""

    date: Date
    hour: int
    minute: int
    second: int
    weekday: int
    offset_seconds: int


@dataclass(frozen=True)
class MailboxAddress:
    """Somebody's address as it stood in a header."""

    name: Optional[str]
    address: str


def span_in(part: TextPart, text: str, start: int, end: int) -> Optional[Span]:
    """A span from Python's own indexes into ``text``; None when it is empty or outside the text."""
    if not 0 <= start < end <= len(text):
        return None
    first = len(text[:start].encode("utf-8", "replace"))
    return Span(part, first, first + len(text[start:end].encode("utf-8", "replace")))


def span_of(part: TextPart, match: "Optional[re.Match[str]]") -> Optional[Span]:
    """The span of what a regular expression found: ``span_of("body", re.search("refund", message.body))``."""
    return span_in(part, match.string, match.start(), match.end()) if match else None


def clip(text: str, bytes_max: int) -> str:
    """At most ``bytes_max`` bytes of a text, cut between characters and marked with "…"."""
    whole = text.encode("utf-8", "replace")
    if len(whole) <= bytes_max:
        return text
    return whole[: max(0, bytes_max - 3)].decode("utf-8", "ignore").rstrip() + "…"
