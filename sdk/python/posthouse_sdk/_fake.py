"""What stands in for the host in native tests. Set by ``testing.host``."""

from __future__ import annotations

import base64 as _base64
import hashlib
import hmac as _hmac
import json
from types import SimpleNamespace
from typing import Any, Optional
from urllib.parse import quote

from .failures import HostError


class FakeHost:
    """See ``testing.host``."""

    def __init__(self, http: Any, secrets: dict, model: Any, articles: list, store: Optional[dict]) -> None:
        self.http = http
        self.secrets = secrets
        self.model = model
        self.articles = articles
        #: What is kept: bytes by key.
        self.store: dict[str, bytes] = {} if store is None else store
        #: Level and text.
        self.log: list[tuple[str, str]] = []


current = FakeHost(None, {}, None, [], None)


def _escaped(value: str, escape: str) -> str:
    if escape == "percent":
        return quote(value, safe="-._~")
    return json.dumps(value, ensure_ascii=False)[1:-1] if escape == "json" else value


class Template:
    """Completes a text as the host does."""

    def __init__(self) -> None:
        self.value = ""

    def literal(self, text: str) -> None:
        self.value += text

    def secret(self, name: str, escape: str) -> None:
        if name not in current.secrets:
            raise HostError("http", "denied", f"no secret `{name}` was given to the test")
        self.value += _escaped(current.secrets[name], escape)

    def hmac_sha256(self, key: "Template", message: "Template", encoding: str, escape: str) -> None:
        digest = _hmac.new(key.value.encode(), message.value.encode(), hashlib.sha256).digest()
        if encoding == "hex":
            text = digest.hex()
        elif encoding == "base64":
            text = _base64.b64encode(digest).decode()
        else:
            text = _base64.urlsafe_b64encode(digest).decode().rstrip("=")
        self.value += _escaped(text, escape)

    def base64(self, of: "Template") -> None:
        self.value += _base64.b64encode(of.value.encode()).decode()


class Response:
    """An answer that a test gave."""

    def __init__(self, given: dict) -> None:
        self._given = given
        body = json.dumps(given["json"]) if "json" in given else given.get("body", "")
        self._body = body if isinstance(body, bytes) else body.encode()

    def status(self) -> int:
        return self._given.get("status", 200)

    def header(self, name: str) -> Optional[str]:
        headers = self._given.get("headers", {})
        return next((value for known, value in headers.items() if known.lower() == name.lower()), None)

    def body(self) -> bytes:
        return self._body

    def text(self) -> str:
        return self._body.decode("utf-8", "replace")


class Request:
    """A request on its way to the test."""

    def __init__(self, method: str, url: Template) -> None:
        self._sent = {"method": method.upper(), "url": url.value, "headers": {}, "media_type": None, "body": None}

    def set_header(self, name: str, value: Template) -> None:
        if name.lower() in ("host", "content-length"):
            raise HostError("http", "invalid", f"{name} belongs to the host")
        self._sent["headers"][name.lower()] = value.value  # type: ignore[index]

    def set_body(self, media_type: str, body: Template) -> None:
        self._sent.update(media_type=media_type, body=body.value)

    def set_body_bytes(self, media_type: str, body: bytes) -> None:
        self._sent.update(media_type=media_type, body=body)

    def send(self) -> Response:
        answer = current.http(self._sent) if current.http else {"error": "denied"}
        if "error" in answer:
            raise HostError("http", answer["error"], f"the test says: {answer['error']}")
        return Response(answer)


class Prompt:
    """A prompt on its way to the test."""

    def __init__(self) -> None:
        self._asked: dict[str, Any] = {"instructions": "", "inputs": [], "max_output_tokens": None}

    def set_instructions(self, text: str) -> None:
        self._asked["instructions"] = text

    def add_input(self, text: str) -> None:
        self._asked["inputs"].append(text)

    def set_max_output_tokens(self, count: int) -> None:
        self._asked["max_output_tokens"] = min(count, 4096)

    def complete(self) -> Any:
        if current.model is None:
            raise HostError("model", "not-configured")
        text = current.model(self._asked)
        return SimpleNamespace(text=lambda: text, model_name=lambda: "fake")


class Query:
    """A search in the test's articles: all of them fit, those in the language first."""

    def __init__(self, text: str) -> None:
        self._language: Optional[str] = None
        self._limit = 5

    def set_language(self, tag: str) -> None:
        self._language = tag

    def set_limit(self, count: int) -> None:
        self._limit = min(count, 20)

    def search(self) -> list:
        own = [a for a in current.articles if self._language in (None, a.get("language", "en"))]
        return [
            SimpleNamespace(
                id=lambda a=a: a["id"],
                title=lambda a=a: a["title"],
                language=lambda a=a: a.get("language", "en"),
                text=lambda a=a: a["text"],
                score=lambda a=a: a.get("score", 1.0),
            )
            for a in (own or current.articles)[: self._limit]
        ]


def _checked(key: str, value: bytes = b"") -> str:
    if not 1 <= len(key.encode()) <= 256 or len(value) > 65536:
        raise HostError("store", "invalid", "a key must have 1 to 256 bytes, a value at most 64 KiB")
    return key


def _keys(prefix: str, after: Optional[str], limit: int) -> list[str]:
    found = [k for k in current.store if k.startswith(prefix) and (after is None or k.encode() > after.encode())]
    return sorted(found, key=str.encode)[: min(limit, 1000)]


def _set(key: str, value: bytes) -> None:
    current.store[_checked(key, value)] = value


http = SimpleNamespace(Request=Request)
templates = SimpleNamespace(Template=Template)
model = SimpleNamespace(Prompt=Prompt)
knowledge = SimpleNamespace(Query=Query)
store = SimpleNamespace(
    get=lambda key: current.store.get(_checked(key)),
    set=_set,
    delete=lambda key: current.store.pop(_checked(key), None),
    keys=_keys,
)
log = SimpleNamespace(write=lambda level, text: current.log.append((level, text)))
