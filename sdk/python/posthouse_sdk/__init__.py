"""Write Posthouse plugins in Python.

A plugin is a class for one of the six worlds; the builder finds it and makes a component of it::

    from posthouse_sdk import Classifier

    class Refunds(Classifier):
        def configure(self, settings):
            self.word = settings.get("word", "refund")

        def classify(self, message, out, call):
            if self.word in message.body:
                out.set_category("refund", 0.9)

``configure`` runs once, when the plugin is activated; each call starts from the memory it left. There are no files,
sockets, clock or randomness in a plugin, and modules can be imported only at the top of a file, not during a call.

The capabilities are modules: ``http``, ``model``, ``knowledge``, ``store``, ``log``. A plugin asks for those that its
files import.
"""

from .answers import Delivery, Draft, Drafts, Enrichment, OrderEntry, Route, Triage, Verdict
from .failures import HostError, PermanentFailure, TemporaryFailure
from .text import Text, base64, basic_auth, hmac_sha256, json_text, secret, text, url
from .values import (
    CivilTime,
    Date,
    Finding,
    MailboxAddress,
    Money,
    Sentiment,
    Span,
    Urgency,
    clip,
    span_in,
    span_of,
)
from .views import Attachment, Call, Entity, Fact, Field, Link, Message, Notification, Order, Outgoing, Ticket
from .worlds import Checker, Classifier, Drafter, Enricher, Notifier, Router

__all__ = [
    "Attachment", "Call", "Checker", "CivilTime", "Classifier", "Date", "Delivery", "Draft", "Drafter", "Drafts",
    "Enricher", "Enrichment", "Entity", "Fact", "Field", "Finding", "HostError", "Link", "MailboxAddress", "Message",
    "Money", "Notification", "Notifier", "Order", "OrderEntry", "Outgoing", "PermanentFailure", "Route", "Router",
    "Sentiment", "Span", "TemporaryFailure", "Text", "Ticket", "Triage", "Urgency", "Verdict", "base64", "basic_auth",
    "clip", "hmac_sha256", "json_text", "secret", "span_in", "span_of", "text", "url",
]  # fmt: skip
