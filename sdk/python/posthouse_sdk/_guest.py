"""What a component exports, made of a plugin."""

from __future__ import annotations

import json
from typing import Any

from . import failures
from .answers import Delivery, Drafts, Enrichment, Route, Triage, Verdict
from .views import Call, Message, Notification, Outgoing, Ticket
from .worlds import Checker, Classifier, Drafter, Enricher, Notifier, Plugin, Router

#: World → base class, method (and exported interface), view, answer.
WORLDS: dict[str, tuple[type, str, type, type]] = {
    "classifier": (Classifier, "classify", Message, Triage),
    "router": (Router, "route", Ticket, Route),
    "drafter": (Drafter, "draft", Ticket, Drafts),
    "notifier": (Notifier, "notify", Notification, Delivery),
    "enricher": (Enricher, "enrich", Ticket, Enrichment),
    "checker": (Checker, "check", Outgoing, Verdict),
}


class Settings(Exception):
    """The plugin refused its settings."""


class GaveUp(Exception):
    """The plugin gave up."""

    def __init__(self, temporary: bool, message: str) -> None:
        super().__init__(message)
        self.temporary = temporary
        self.message = message


class Runner:
    """A plugin with its state between ``configure`` and ``run``."""

    def __init__(self, world: str, plugin: type[Plugin]) -> None:
        base, self._method, self._view, self._out = WORLDS[world]
        if not issubclass(plugin, base):
            raise TypeError(f"{plugin.__name__} is no {base.__name__}")
        self._plugin = plugin
        self._configured: Any = None

    def configure(self, settings: str) -> None:
        """Raises Settings."""
        try:
            plugin = self._plugin()
            plugin.configure(json.loads(settings) if settings.strip() else {})
            self._configured = plugin
        except Exception as error:
            raise Settings(failures.words_of(error)) from None

    def run(self, call: Any, view: Any, out: Any) -> None:
        """Raises GaveUp."""
        try:
            if self._configured is None:
                raise RuntimeError("`run` was called before `configure`")
            getattr(self._configured, self._method)(self._view(view), self._out(out), Call(call))
        except Exception as error:
            raise GaveUp(failures.is_temporary(error), failures.words_of(error)) from None


def exported(world: str, plugin: type[Plugin]) -> type:
    """The class that componentize-py exports. Only inside a component."""
    from componentize_py_types import Err
    from wit_world import exports
    from wit_world.imports import types

    interface = WORLDS[world][1].capitalize()
    runner = Runner(world, plugin)

    class Exported(getattr(exports, interface)):  # type: ignore[misc]
        def configure(self, settings: str) -> None:
            try:
                runner.configure(settings)
            except Settings as refused:
                raise Err(str(refused)) from None

        def run(self, call: Any, view: Any, out: Any) -> None:
            try:
                runner.run(call, view, out)
            except GaveUp as why:
                failure = types.Failure_Temporary if why.temporary else types.Failure_Permanent
                raise Err(failure(why.message)) from None

    Exported.__name__ = Exported.__qualname__ = interface
    return Exported
