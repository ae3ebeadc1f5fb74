"""Search in the tenant's articles."""

from __future__ import annotations

from typing import Any, Optional

from . import _host
from .failures import asking


class Article:
    """An article that was found. Its text is fetched when it is asked for."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    @property
    def id(self) -> str:
        """What a draft's citation takes."""
        return self._raw.id()

    @property
    def title(self) -> str:
        """For people."""
        return self._raw.title()

    @property
    def language(self) -> str:
        """BCP 47."""
        return self._raw.language()

    @property
    def text(self) -> str:
        """Markdown, at most 64 KiB."""
        return self._raw.text()

    @property
    def score(self) -> float:
        """How well it fits, 0.0 to 1.0: to compare within one search only."""
        return self._raw.score()


def search(text: str, language: Optional[str] = None, limit: Optional[int] = None) -> list[Article]:
    """Searches, the best first.

    ``text``: words in any language, or a customer's whole text, at most 8 KiB. ``language`` (BCP 47): articles in it come
    first. ``limit``: at most 20; 5 when not given. Raises HostError: "unavailable" or "invalid".
    """
    host = _host.capability("knowledge")
    with asking("knowledge"):
        query = host.Query(text)
        if language:
            query.set_language(language)
        if limit is not None:
            query.set_limit(limit)
        return [Article(raw) for raw in query.search()]
