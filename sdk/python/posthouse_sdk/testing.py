"""Native tests of a plugin, without WebAssembly.

A plugin is configured and called as the host does it, with views made of plain data; what it answers comes back as
plain data::

    from posthouse_sdk import testing
    result = testing.run(Refunds, testing.message(body="refund, please"), settings={"word": "refund"})
    assert result.answer["category"] == "refund"
"""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass, field
from typing import Any, Callable, Optional
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from . import _fake, _guest
from .values import Date, Finding, MailboxAddress
from .worlds import Plugin

_ANN = MailboxAddress("Ann", "ann@example.com")


class View:
    """An object of the host's, made of plain data: what is missing has a default."""

    def __init__(self, **values: Any) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        values = self.__dict__["_values"]
        if name == "header":
            headers = {key.lower(): value for key, value in values["headers"].items()}
            return lambda wanted: headers.get(wanted.lower(), [])
        if name == "recent":
            return lambda limit: values["recent"][: min(limit, 20)]
        if name == "from_":
            name = "sender"
        if name not in values:
            raise AttributeError(name)
        return lambda: values[name]


def message(**given: Any) -> View:
    """A message: properties of ``Message``; ``headers`` is a dict of lists."""
    return View(**{
        "subject": "Where is my order?",
        "body": "Where is my order 1042-88?",
        "full_text": "Where is my order 1042-88?",
        "sender": _ANN,
        "reply_to": None,
        "to": [MailboxAddress(None, "shop@example.com")],
        "cc": [],
        "sent_at": 1_774_745_000,
        "is_incoming": True,
        "language": "en",
        "headers": {},
        "attachments": [],
        **given,
    })  # fmt: skip


def attachment(**given: Any) -> View:
    """A file: properties of ``Attachment``."""
    return View(**{
        "name": None, "media_type": "application/octet-stream", "size": 0, "is_inline": False, **given,
    })  # fmt: skip


def entity(**given: Any) -> View:
    """Something read from the text: properties of ``Entity``."""
    return View(**{
        "kind": "order-number", "value": "", "finding": Finding(), "carrier": None, "money": None, "date": None, **given,
    })  # fmt: skip


def order(**given: Any) -> View:
    """An order: properties of ``Order``."""
    return View(**{
        "number": "", "status": None, "placed_on": None, "total": None, "country": None, "tracking_number": None,
        "carrier": None, **given,
    })  # fmt: skip


def ticket(**given: Any) -> View:
    """A ticket: properties of ``Ticket``; ``latest`` and ``recent`` are made with ``message``."""
    return View(**{
        "number": 1042,
        "subject": "Where is my order?",
        "status": "new",
        "created_at": 1_774_745_000,
        "customer": _ANN,
        "category": None,
        "urgency": None,
        "sentiment": None,
        "language": "en",
        "entities": [],
        "tags": [],
        "queue": None,
        "deadline": None,
        "missing": [],
        "risks": [],
        "facts": [],
        "orders": [],
        "message_count": 1,
        "latest": message(),
        "recent": [message()],
        **given,
    })  # fmt: skip


def notification(**given: Any) -> View:
    """A notification: properties of ``Notification``; ``fields`` and ``link`` are ``Field`` and ``Link``."""
    return View(**{
        "id": "n-1",
        "kind": "ticket",
        "language": "en",
        "title": "A new ticket",
        "lines": ["Where is my order?"],
        "fields": [],
        "link": None,
        "urgency": None,
        "deadline": None,
        "ticket": None,
        **given,
    })  # fmt: skip


def outgoing(**given: Any) -> View:
    """A reply: properties of ``Outgoing``."""
    return View(**{
        "subject": "Re: Where is my order?",
        "body": "It is on its way.",
        "to": [_ANN],
        "cc": [],
        "language": "en",
        "attachment_names": [],
        "is_automatic": False,
        "ticket": ticket(),
        **given,
    })  # fmt: skip


def host(
    http: Optional[Callable[[dict], dict]] = None,
    secrets: Optional[dict[str, str]] = None,
    model: Optional[Callable[[dict], str]] = None,
    articles: Optional[list[dict]] = None,
    store: Optional[dict[str, bytes]] = None,
) -> _fake.FakeHost:
    """Puts something in the host's place for the calls that follow; its ``log`` and ``store`` can be read afterwards.

    ``http`` takes a request (``method``, ``url``, ``headers``, ``media_type``, ``body``, secrets filled in) and gives
    ``status``, ``headers``, ``body`` or ``json``, or ``error``. ``model`` takes a prompt (``instructions``, ``inputs``,
    ``max_output_tokens``) and gives text. ``articles``: ``id``, ``title``, ``text``, ``language``, ``score``.
    """
    _fake.current = _fake.FakeHost(http, secrets or {}, model, articles or [], store)
    return _fake.current


@dataclass
class Result:
    """What came of a call."""

    #: What was set (the last word) and added (a list): ``category``, ``tags``, ``evidence`` …
    answer: dict[str, Any] = field(default_factory=dict)
    #: Why it gave up: "temporary" or "permanent", and the words.
    failure: Optional[tuple[str, str]] = None


def run(plugin: type[Plugin], view: View, settings: Any = None, **call: Any) -> Result:
    """Configures a plugin and calls it once.

    ``call``: ``now``, ``seed``, ``tenant_name``, ``agent_language``. Raises ValueError when the plugin refuses its settings.
    """
    world = next((world for world, (base, *_) in _guest.WORLDS.items() if issubclass(plugin, base)), None)
    if world is None:
        raise TypeError(f"{plugin.__name__} is of no world")
    runner = _guest.Runner(world, plugin)
    try:
        runner.configure(json.dumps({} if settings is None else settings))
    except _guest.Settings as refused:
        raise ValueError(str(refused)) from None
    result = Result()
    try:
        runner.run(_call(**call), view, _Recorder(result.answer))
    except _guest.GaveUp as why:
        result.failure = ("temporary" if why.temporary else "permanent", why.message)
    return result


def _call(now: int = 1_774_745_999, seed: int = 42, tenant_name: str = "Acme", agent_language: str = "en") -> Any:
    view = View(now=now, seed=seed, tenant_name=tenant_name, agent_language=agent_language)
    view.local_time = _local_time  # type: ignore[method-assign]
    return view


def _local_time(at: int, time_zone: str) -> Any:
    try:
        here = datetime.datetime.fromtimestamp(at, ZoneInfo(time_zone))
    except (ZoneInfoNotFoundError, ValueError, OverflowError):
        return None
    offset = here.utcoffset()
    shown = {"date": Date(here.year, here.month, here.day), "hour": here.hour, "minute": here.minute}
    shown |= {"second": here.second, "weekday": here.isoweekday()}
    return type("CivilTime", (), shown | {"offset_seconds": int(offset.total_seconds()) if offset else 0})


#: What the functions that add more than one value call them, and in which list they end up.
_ADDED = {
    "add_order_number": ("order_numbers", "value", "finding"),
    "add_tracking_number": ("tracking_numbers", "value", "carrier", "finding"),
    "add_sku": ("skus", "value", "finding"),
    "add_amount": ("amounts", "value", "finding"),
    "add_date": ("dates", "value", "finding"),
    "add_match": ("matches", "rule", "words", "span"),
    "add_risk": ("risks", "kind", "reason", "span"),
    "add_fact": ("facts", "key", "label", "value"),
    "add_filled": ("filled", "variable", "value"),
    "add_question": ("questions", "key", "question"),
    "add_citation": ("citations", "article", "title"),
    "block": ("blocks", "code", "reason", "span"),
    "warn": ("warnings", "code", "reason", "span"),
    "add_evidence": ("evidence",),
    "add_tag": ("tags",),
    "add_missing": ("missing",),
    "add_notifier": ("notifiers",),
    "add_unfilled": ("unfilled",),
}


class Err(Exception):
    """As the host refuses."""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value


class _Recorder:
    """Takes answers into a dict."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self._answer = answer

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name == "add":
            return lambda body: self._entry("drafts", {"body": body}, 3)
        if name == "add_order":
            return lambda number: self._entry("orders", {"number": number}, 32)
        if name == "set_model_written":
            return lambda: self._answer.update(model_written=True)
        if name == "mark_spam":
            return lambda confidence: self._answer.update(spam=confidence)
        if name == "set_tracking":
            return lambda number, carrier: self._answer.update(tracking_number=number, carrier=carrier)
        if name.startswith("set_"):
            return lambda *given: self._set(name[4:], *given)
        if name in _ADDED:
            return lambda *given: self._add(_ADDED[name], given)
        raise AttributeError(name)

    def _set(self, key: str, value: Any, confidence: Optional[float] = None) -> None:
        self._answer[key] = value
        if confidence is not None:
            self._answer.setdefault("confidence", {})[key] = confidence

    def _add(self, names: tuple, given: tuple) -> None:
        entry = dict(zip(names[1:], given)) if len(names) > 1 else given[0]
        self._answer.setdefault(names[0], []).append(entry)

    def _entry(self, name: str, entry: dict[str, Any], most: int) -> "_Recorder":
        entries = self._answer.setdefault(name, [])
        if len(entries) >= most or not next(iter(entry.values())).strip():
            raise Err(f"at most {most} {name}, and none empty")
        entries.append(entry)
        return _Recorder(entry)
