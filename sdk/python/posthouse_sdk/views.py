"""What a plugin may read. Every property is lazy: what is not asked for is not copied into the plugin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Optional

from . import _host
from .values import CivilTime, Date, Finding, MailboxAddress, Money, Sentiment, Span, Urgency


class View:
    """A view of one of the host's objects."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw


def _address(raw: Any) -> Optional[MailboxAddress]:
    return None if raw is None else MailboxAddress(raw.name, raw.address)


def _addresses(raw: Any) -> list[MailboxAddress]:
    return [MailboxAddress(one.name, one.address) for one in raw]


def _date(raw: Any) -> Optional[Date]:
    return None if raw is None else Date(raw.year, raw.month, raw.day)


def _money(raw: Any) -> Optional[Money]:
    return None if raw is None else Money(raw.units, raw.scale, raw.currency)


def _span(raw: Any) -> Optional[Span]:
    return None if raw is None else Span(_host.word(raw.part), raw.start, raw.end)  # type: ignore[arg-type]


class Call(View):
    """The call in progress."""

    @cached_property
    def now(self) -> int:
        """When the host began this call, in seconds since 1970; the recorded time in a replay."""
        return self._raw.now()

    @cached_property
    def seed(self) -> int:
        """A number to seed choices with: random, but fixed for a replay. 64 bits."""
        return self._raw.seed()

    def local_time(self, time_zone: str, at: Optional[int] = None) -> Optional[CivilTime]:
        """The wall clock in an IANA time zone ("Asia/Shanghai"), now or at a time in seconds since 1970.

        None for an unknown zone or a time outside the years 0 to 9999.
        """
        raw = self._raw.local_time(self.now if at is None else at, time_zone)
        if raw is None:
            return None
        day = Date(raw.date.year, raw.date.month, raw.date.day)
        return CivilTime(day, raw.hour, raw.minute, raw.second, raw.weekday, raw.offset_seconds)

    @cached_property
    def tenant_name(self) -> str:
        """The tenant's display name, for greetings and signatures."""
        return self._raw.tenant_name()

    @cached_property
    def agent_language(self) -> str:
        """The language (BCP 47) that the tenant's agents read: for evidence."""
        return self._raw.agent_language()


class Attachment(View):
    """A file that came with a message."""

    @cached_property
    def name(self) -> Optional[str]:
        """As the sender named it."""
        return self._raw.name()

    @cached_property
    def media_type(self) -> str:
        """ "image/png" """
        return self._raw.media_type()

    @cached_property
    def size(self) -> int:
        """In bytes."""
        return self._raw.size()

    @cached_property
    def is_inline(self) -> bool:
        """True when the text shows it in place."""
        return self._raw.is_inline()


class Message(View):
    """One mail, received or sent. It never changes."""

    @cached_property
    def subject(self) -> str:
        """Decoded."""
        return self._raw.subject()

    @cached_property
    def body(self) -> str:
        """The readable new text, without quoted history where that could be told apart; at most 256 KiB."""
        return self._raw.body()

    @cached_property
    def full_text(self) -> str:
        """The whole readable text with quoted history, at most 1 MiB."""
        return self._raw.full_text()

    @cached_property
    def sender(self) -> Optional[MailboxAddress]:
        """The From header."""
        return _address(self._raw.from_())

    @cached_property
    def reply_to(self) -> Optional[MailboxAddress]:
        """The Reply-To header."""
        return _address(self._raw.reply_to())

    @cached_property
    def to(self) -> list[MailboxAddress]:
        """The To header."""
        return _addresses(self._raw.to())

    @cached_property
    def cc(self) -> list[MailboxAddress]:
        """The Cc header."""
        return _addresses(self._raw.cc())

    @cached_property
    def sent_at(self) -> int:
        """By its own Date header, else when it arrived; seconds since 1970."""
        return self._raw.sent_at()

    @cached_property
    def is_incoming(self) -> bool:
        """True for a customer's mail, false for ours."""
        return self._raw.is_incoming()

    @cached_property
    def language(self) -> Optional[str]:
        """Detected by the host, BCP 47; None when unsure."""
        return self._raw.language()

    def header(self, name: str) -> list[str]:
        """All values of a header, unfolded and decoded, first to last. The name's case does not matter."""
        return list(self._raw.header(name))

    @cached_property
    def attachments(self) -> list[Attachment]:
        """The files that came with it."""
        return [Attachment(raw) for raw in self._raw.attachments()]


class Entity(View):
    """Something read from the text, by any plugin so far."""

    @cached_property
    def kind(self) -> str:
        """ "order-number", "tracking-number", "sku", "amount", "date"; later versions may add kinds."""
        return self._raw.kind()

    @cached_property
    def value(self) -> str:
        """As a person would write it: "1042-88", "49.90 EUR", "2026-03-01"."""
        return self._raw.value()

    @cached_property
    def finding(self) -> Finding:
        """How sure, and read from where."""
        raw = self._raw.finding()
        return Finding(raw.confidence, _span(raw.span))

    @cached_property
    def carrier(self) -> Optional[str]:
        """Of a tracking number, when known: "UPS" …"""
        return self._raw.carrier()

    @cached_property
    def money(self) -> Optional[Money]:
        """Of an amount."""
        return _money(self._raw.money())

    @cached_property
    def date(self) -> Optional[Date]:
        """Of a date."""
        return _date(self._raw.date())


class Order(View):
    """An order of the customer, as an enricher reported it."""

    @cached_property
    def number(self) -> str:
        """As the shop writes it."""
        return self._raw.number()

    @cached_property
    def status(self) -> Optional[str]:
        """The shop's own word: "shipped", "paid" …"""
        return self._raw.status()

    @cached_property
    def placed_on(self) -> Optional[Date]:
        """When it was placed."""
        return _date(self._raw.placed_on())

    @cached_property
    def total(self) -> Optional[Money]:
        """What it cost."""
        return _money(self._raw.total())

    @cached_property
    def country(self) -> Optional[str]:
        """ISO 3166-1 alpha-2."""
        return self._raw.country()

    @cached_property
    def tracking_number(self) -> Optional[str]:
        """Of its parcel."""
        return self._raw.tracking_number()

    @cached_property
    def carrier(self) -> Optional[str]:
        """Of its parcel."""
        return self._raw.carrier()


@dataclass(frozen=True)
class Fact:
    """A fact an enricher reported."""

    key: str
    label: str
    value: str


class Ticket(View):
    """The work item that a thread is."""

    @cached_property
    def number(self) -> int:
        """The number agents use: #1042."""
        return self._raw.number()

    @cached_property
    def subject(self) -> str:
        """Of its first message."""
        return self._raw.subject()

    @cached_property
    def status(self) -> str:
        """ "new", "waiting", "sent", "handled", "spam", "snoozed"; later versions may add states."""
        return self._raw.status()

    @cached_property
    def created_at(self) -> int:
        """Seconds since 1970."""
        return self._raw.created_at()

    @cached_property
    def customer(self) -> MailboxAddress:
        """Who wrote."""
        raw = self._raw.customer()
        return MailboxAddress(raw.name, raw.address)

    @cached_property
    def category(self) -> Optional[str]:
        """What it is about."""
        return self._raw.category()

    @cached_property
    def urgency(self) -> Optional[Urgency]:
        """How soon a person should look."""
        raw = self._raw.urgency()
        return None if raw is None else Urgency(_host.word(raw))

    @cached_property
    def sentiment(self) -> Optional[Sentiment]:
        """How the customer sounds."""
        raw = self._raw.sentiment()
        return None if raw is None else Sentiment(_host.word(raw))

    @cached_property
    def language(self) -> Optional[str]:
        """The customer's language, BCP 47."""
        return self._raw.language()

    @cached_property
    def entities(self) -> list[Entity]:
        """What was read from the text."""
        return [Entity(raw) for raw in self._raw.entities()]

    @cached_property
    def tags(self) -> list[str]:
        """Tags."""
        return list(self._raw.tags())

    @cached_property
    def queue(self) -> Optional[str]:
        """Where it waits."""
        return self._raw.queue()

    @cached_property
    def deadline(self) -> Optional[int]:
        """When the customer must have an answer, seconds since 1970."""
        return self._raw.deadline()

    @cached_property
    def missing(self) -> list[str]:
        """Keys of what is still missing: "order-number", "photo" …"""
        return list(self._raw.missing())

    @cached_property
    def risks(self) -> list[str]:
        """Kinds of risk found: "legal-threat", "safety" …"""
        return list(self._raw.risks())

    @cached_property
    def facts(self) -> list[Fact]:
        """What enrichers reported."""
        return [Fact(raw.key, raw.label, raw.value) for raw in self._raw.facts()]

    @cached_property
    def orders(self) -> list[Order]:
        """What enrichers reported."""
        return [Order(raw) for raw in self._raw.orders()]

    @cached_property
    def message_count(self) -> int:
        """How many messages the thread holds, ours and theirs."""
        return self._raw.message_count()

    @cached_property
    def latest(self) -> Message:
        """The newest message from the customer."""
        return Message(self._raw.latest())

    def recent(self, limit: int) -> list[Message]:
        """The newest messages of the thread, newest first, at most 20."""
        return [Message(raw) for raw in self._raw.recent(limit)]


@dataclass(frozen=True)
class Field:
    """A label and a value."""

    label: str
    value: str


@dataclass(frozen=True)
class Link:
    """The one button."""

    label: str
    url: str


class Notification(View):
    """What a notifier tells. All text is in the group's language; customers' words in it are not markup."""

    @cached_property
    def id(self) -> str:
        """The same for every try: for platforms that drop duplicates."""
        return self._raw.id()

    @cached_property
    def kind(self) -> str:
        """ "ticket", "digest", "alert", "recovery", "test"; later versions may add kinds.

        Treat one you do not know as title, lines, fields and link.
        """
        return self._raw.kind()

    @cached_property
    def language(self) -> str:
        """BCP 47."""
        return self._raw.language()

    @cached_property
    def title(self) -> str:
        """One line."""
        return self._raw.title()

    @cached_property
    def lines(self) -> list[str]:
        """A paragraph each."""
        return list(self._raw.lines())

    @cached_property
    def fields(self) -> list[Field]:
        """Labels and values."""
        return [Field(raw.label, raw.value) for raw in self._raw.fields()]

    @cached_property
    def link(self) -> Optional[Link]:
        """The one button."""
        raw = self._raw.link()
        return None if raw is None else Link(raw.label, raw.url)

    @cached_property
    def urgency(self) -> Optional[Urgency]:
        """Of the ticket."""
        raw = self._raw.urgency()
        return None if raw is None else Urgency(_host.word(raw))

    @cached_property
    def deadline(self) -> Optional[int]:
        """Seconds since 1970."""
        return self._raw.deadline()

    @cached_property
    def ticket(self) -> Optional[Ticket]:
        """What it is about, when it is about one."""
        raw = self._raw.ticket()
        return None if raw is None else Ticket(raw)


class Outgoing(View):
    """A reply about to be sent."""

    @cached_property
    def subject(self) -> str:
        """As it will be sent."""
        return self._raw.subject()

    @cached_property
    def body(self) -> str:
        """As it will be sent."""
        return self._raw.body()

    @cached_property
    def to(self) -> list[MailboxAddress]:
        """Recipients."""
        return _addresses(self._raw.to())

    @cached_property
    def cc(self) -> list[MailboxAddress]:
        """Recipients."""
        return _addresses(self._raw.cc())

    @cached_property
    def language(self) -> Optional[str]:
        """The language of the draft it came from, BCP 47."""
        return self._raw.language()

    @cached_property
    def attachment_names(self) -> list[str]:
        """Names of the files that go with it."""
        return list(self._raw.attachment_names())

    @cached_property
    def is_automatic(self) -> bool:
        """True when no person has read it."""
        return self._raw.is_automatic()

    @cached_property
    def ticket(self) -> Ticket:
        """What it answers."""
        return Ticket(self._raw.ticket())
