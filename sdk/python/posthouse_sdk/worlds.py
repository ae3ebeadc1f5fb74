"""One base class per world."""

from __future__ import annotations

from typing import Any

from .answers import Delivery, Drafts, Enrichment, Route, Triage, Verdict
from .views import Call, Message, Notification, Outgoing, Ticket


class Plugin:
    """What the plugins of all worlds have in common."""

    def configure(self, settings: Any) -> None:
        """Called once, at activation, with the tenant's settings (parsed JSON; ``{}`` when empty).

        No host function may be called here. What is kept on ``self`` is what every call starts from. An exception
        refuses the settings, with its message for the person who wrote them.
        """


class Classifier(Plugin):
    """Says what a mail is about."""

    def classify(self, message: Message, out: Triage, call: Call) -> None:
        """Puts what it finds into ``out``. An exception ends the call as a failure: see ``failures``."""
        raise NotImplementedError


class Router(Plugin):
    """Says who should handle a ticket, by when, and who is told."""

    def route(self, ticket: Ticket, out: Route, call: Call) -> None:
        """Puts its decision into ``out``. An exception ends the call as a failure."""
        raise NotImplementedError


class Drafter(Plugin):
    """Proposes replies."""

    def draft(self, ticket: Ticket, out: Drafts, call: Call) -> None:
        """Adds one to three proposals to ``out``. An exception ends the call as a failure."""
        raise NotImplementedError


class Notifier(Plugin):
    """Tells a chat group."""

    def notify(self, notification: Notification, out: Delivery, call: Call) -> None:
        """Tells, and puts what came of it into ``out``. An exception ends the call as a failure."""
        raise NotImplementedError


class Enricher(Plugin):
    """Fetches what the client's own systems know about a customer."""

    def enrich(self, ticket: Ticket, out: Enrichment, call: Call) -> None:
        """Puts what it learns into ``out``. An exception ends the call as a failure."""
        raise NotImplementedError


class Checker(Plugin):
    """Looks at a reply before it goes out."""

    def check(self, outgoing: Outgoing, out: Verdict, call: Call) -> None:
        """Puts what is wrong into ``out``. An exception ends the call as a failure."""
        raise NotImplementedError
