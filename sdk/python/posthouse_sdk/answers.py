"""Where a plugin puts its answer.

Setting a value twice keeps the last. A value of a wrong form is left out by the host and noted on the decision.
"""

from __future__ import annotations

from typing import Any, Optional, Union

from . import _host
from .values import Date, Finding, Money, Sentiment, Span, Urgency

_CERTAIN = Finding()


class Answer:
    """An object of the host's that takes answers."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw


def _span(span: Optional[Span]) -> Any:
    if span is None or not _host.INSIDE:
        return span
    types = _host.capability("types")
    return types.Span(types.TextPart[span.part.upper()], span.start, span.end)


def _finding(finding: Finding) -> Any:
    if not _host.INSIDE:
        return finding
    return _host.capability("types").Finding(float(finding.confidence), _span(finding.span))


def _money(money: Money) -> Any:
    return money if not _host.INSIDE else _host.capability("types").Money(money.units, money.scale, money.currency)


def _date(day: Date) -> Any:
    return day if not _host.INSIDE else _host.capability("types").Date(day.year, day.month, day.day)


def _added(make: Any, given: str) -> Any:
    try:
        return make(given)
    except Exception as error:
        refused = _host.refusal(error)
        if refused is None:
            raise
        raise ValueError(refused[1]) from None


class Triage(Answer):
    """What a classifier found.

    Names (category, tag, key, kind) are 1 to 64 bytes of lower-case letters, digits, ``-``, ``_``, ``/`` or any letter
    outside ASCII. ``confidence`` is 0.0 to 1.0.
    """

    def set_category(self, name: str, confidence: float = 1.0) -> None:
        """What the mail is about."""
        self._raw.set_category(name, float(confidence))

    def set_urgency(self, urgency: Union[Urgency, str], confidence: float = 1.0) -> None:
        """How soon a person should look."""
        self._raw.set_urgency(_host.enum("types", "Urgency", urgency), float(confidence))

    def set_sentiment(self, sentiment: Union[Sentiment, str], confidence: float = 1.0) -> None:
        """How the customer sounds."""
        self._raw.set_sentiment(_host.enum("types", "Sentiment", sentiment), float(confidence))

    def set_language(self, tag: str, confidence: float = 1.0) -> None:
        """BCP 47."""
        self._raw.set_language(tag, float(confidence))

    def mark_spam(self, confidence: float = 1.0) -> None:
        """Unwanted mail. It never reaches a model, and a person can take it back."""
        self._raw.mark_spam(float(confidence))

    def add_order_number(self, value: str, finding: Finding = _CERTAIN) -> None:
        """An order number that was read."""
        self._raw.add_order_number(value, _finding(finding))

    def add_tracking_number(self, value: str, carrier: Optional[str] = None, finding: Finding = _CERTAIN) -> None:
        """A parcel's number; ``carrier``: the name people use."""
        self._raw.add_tracking_number(value, carrier, _finding(finding))

    def add_sku(self, value: str, finding: Finding = _CERTAIN) -> None:
        """A product."""
        self._raw.add_sku(value, _finding(finding))

    def add_amount(self, value: Money, finding: Finding = _CERTAIN) -> None:
        """An amount."""
        self._raw.add_amount(_money(value), _finding(finding))

    def add_date(self, value: Date, finding: Finding = _CERTAIN) -> None:
        """A day."""
        self._raw.add_date(_date(value), _finding(finding))

    def add_match(self, rule: str, words: str, span: Optional[Span] = None) -> None:
        """A rule that spoke, with the words it found: the host shows it in the reader's language."""
        self._raw.add_match(rule, words, _span(span))

    def add_evidence(self, text: str) -> None:
        """Any other reason, in the agents' language (``call.agent_language``)."""
        self._raw.add_evidence(text)

    def add_tag(self, tag: str) -> None:
        """At most 32."""
        self._raw.add_tag(tag)

    def add_missing(self, key: str) -> None:
        """What the customer has not said and an answer needs: "order-number", "photo" …"""
        self._raw.add_missing(key)

    def add_risk(self, kind: str, reason: str, span: Optional[Span] = None) -> None:
        """A reason to be careful: "legal-threat", "safety", "chargeback" … Never answered without a person."""
        self._raw.add_risk(kind, reason, _span(span))


class Route(Answer):
    """A router's decision. A queue, notifier or agent that the tenant does not have is left out with a note."""

    def set_queue(self, name: str) -> None:
        """Where it waits."""
        self._raw.set_queue(name)

    def set_priority(self, priority: int) -> None:
        """0 (some day) to 100 (now)."""
        self._raw.set_priority(max(0, min(100, round(priority))))

    def set_deadline(self, at: int) -> None:
        """When the customer must have an answer, seconds since 1970."""
        self._raw.set_deadline(int(at))

    def add_notifier(self, name: str) -> None:
        """Tell this notifier of the tenant; at most 8."""
        self._raw.add_notifier(name)

    def add_tag(self, tag: str) -> None:
        """A tag."""
        self._raw.add_tag(tag)

    def add_match(self, rule: str, words: str) -> None:
        """A rule that spoke, with what made it speak."""
        self._raw.add_match(rule, words)

    def add_evidence(self, text: str) -> None:
        """Any other reason, in the agents' language."""
        self._raw.add_evidence(text)


class Draft(Answer):
    """A proposed reply."""

    def set_subject(self, subject: str) -> None:
        """ "Re: " and the ticket's subject when not called."""
        self._raw.set_subject(subject)

    def set_language(self, tag: str) -> None:
        """BCP 47."""
        self._raw.set_language(tag)

    def set_template(self, id: str) -> None:
        """The template it came from."""
        self._raw.set_template(id)

    def set_confidence(self, confidence: float) -> None:
        """0.0 to 1.0."""
        self._raw.set_confidence(float(confidence))

    def set_model_written(self) -> None:
        """A model wrote (part of) the text."""
        self._raw.set_model_written()

    def add_filled(self, variable: str, value: str) -> None:
        """A variable that was filled, as shown to the agent."""
        self._raw.add_filled(variable, value)

    def add_unfilled(self, variable: str) -> None:
        """A variable that stayed empty: the draft cannot be sent before a person fills it."""
        self._raw.add_unfilled(variable)

    def add_question(self, key: str, question: str) -> None:
        """What to ask the customer, in the draft's language."""
        self._raw.add_question(key, question)

    def add_citation(self, article: str, title: str) -> None:
        """The article (its id) that a statement rests on."""
        self._raw.add_citation(article, title)

    def add_evidence(self, text: str) -> None:
        """Why this draft, in the agents' language."""
        self._raw.add_evidence(text)


class Drafts(Answer):
    """A drafter's proposals: the first is the one shown first."""

    def add(self, body: str) -> Draft:
        """A proposal: plain text, at most 64 KiB. Raises ValueError when it is refused: empty, too long, the fourth."""
        return Draft(_added(self._raw.add, body))


class OrderEntry(Answer):
    """An order of the customer."""

    def set_status(self, status: str) -> None:
        """The shop's own word."""
        self._raw.set_status(status)

    def set_placed_on(self, day: Date) -> None:
        """When it was placed."""
        self._raw.set_placed_on(_date(day))

    def set_total(self, total: Money) -> None:
        """What it cost."""
        self._raw.set_total(_money(total))

    def set_country(self, code: str) -> None:
        """ISO 3166-1 alpha-2."""
        self._raw.set_country(code)

    def set_tracking(self, number: str, carrier: Optional[str] = None) -> None:
        """Of its parcel."""
        self._raw.set_tracking(number, carrier)


class Enrichment(Answer):
    """What the client's own systems know."""

    def add_fact(self, key: str, label: str, value: str) -> None:
        """A fact for the side of the ticket and for templates; at most 64."""
        self._raw.add_fact(key, label, value)

    def add_order(self, number: str) -> OrderEntry:
        """An order of this customer; at most 32: ValueError when it is refused."""
        return OrderEntry(_added(self._raw.add_order, number))

    def set_customer_name(self, name: str) -> None:
        """As the shop knows them."""
        self._raw.set_customer_name(name)

    def add_tag(self, tag: str) -> None:
        """A tag."""
        self._raw.add_tag(tag)

    def add_evidence(self, text: str) -> None:
        """In the agents' language."""
        self._raw.add_evidence(text)


class Delivery(Answer):
    """What came of telling."""

    def set_receipt(self, id: str) -> None:
        """The platform's own id of what was posted."""
        self._raw.set_receipt(id)

    def set_retry_after(self, seconds: int) -> None:
        """With a temporary failure: do not try again before this, at most 3,600."""
        self._raw.set_retry_after(max(0, min(3600, int(seconds))))


class Verdict(Answer):
    """What is wrong with a reply. The span points into the outgoing text."""

    def block(self, code: str, reason: str, span: Optional[Span] = None) -> None:
        """Must not go out like this. ``code``: a short name; ``reason``: in the agents' language."""
        self._raw.block(code, reason, _span(span))

    def warn(self, code: str, reason: str, span: Optional[Span] = None) -> None:
        """May go out after a person has seen this; never automatically."""
        self._raw.warn(code, reason, _span(span))
