"""How a plugin gives up. The texts are for the people who run the plugin: at most 2,000 bytes are kept."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator

from . import _host


class TemporaryFailure(Exception):
    """Trying again later may help: the host retries where the world allows it."""


class PermanentFailure(Exception):
    """Trying again will not help: settings, grants or the plugin must change."""


class HostError(Exception):
    """A host function refused. ``kind`` says why.

    - of ``http``: "denied", "unreachable", "too-large", "invalid"
    - of ``model``: "not-configured", "over-budget", "unavailable", "rejected"
    - of ``knowledge``: "unavailable", "invalid"; of ``store``: "over-quota", "invalid", "unavailable"

    Not caught, it ends the call: as a temporary failure when it is "unreachable", "unavailable" or "over-budget", else
    as a permanent one.
    """

    def __init__(self, capability: str, kind: str, message: str = "") -> None:
        super().__init__(message or f"{capability}: {kind}")
        #: "http", "model", "knowledge" or "store"
        self.capability = capability
        #: See above.
        self.kind = kind


@contextmanager
def asking(capability: str) -> Iterator[None]:
    """Turns the host's refusals into ``HostError``."""
    try:
        yield
    except HostError:
        raise
    except Exception as error:
        refused = _host.refusal(error)
        if refused is None:
            raise
        raise HostError(capability, *refused) from None


def is_temporary(error: BaseException) -> bool:
    """Whether trying again may help."""
    retry = isinstance(error, HostError) and error.kind in ("unreachable", "unavailable", "over-budget")
    return retry or isinstance(error, TemporaryFailure)


def words_of(error: BaseException) -> str:
    """An error in words: the message of one of ours, name and message of any other."""
    plain = type(error) is Exception or isinstance(error, (TemporaryFailure, PermanentFailure, HostError))
    if plain:
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
