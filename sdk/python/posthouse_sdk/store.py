"""A small memory of the plugin's own, per tenant.

What a call writes is kept together with its decision, both or neither: a call that fails leaves nothing behind. All
functions raise HostError: "over-quota", "invalid" (a key has 1 to 256 bytes, a value at most 64 KiB) or "unavailable".
"""

from __future__ import annotations

import json
from typing import Any, Optional, Union

from . import _host
from .failures import asking


def get_bytes(key: str) -> Optional[bytes]:
    """The value under a key; None when there is none."""
    with asking("store"):
        found = _host.capability("store").get(key)
    return None if found is None else bytes(found)


def get(key: str) -> Optional[str]:
    """The value under a key, as text; None when there is none."""
    found = get_bytes(key)
    return None if found is None else found.decode("utf-8", "replace")


def get_json(key: str) -> Any:
    """The value under a key, read as JSON; None when there is none."""
    found = get(key)
    return None if found is None else json.loads(found)


def set(key: str, value: Union[str, bytes]) -> None:
    """Keeps a value."""
    with asking("store"):
        _host.capability("store").set(key, value.encode() if isinstance(value, str) else bytes(value))


def set_json(key: str, value: Any) -> None:
    """Keeps a value as JSON."""
    set(key, json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def delete(key: str) -> None:
    """Forgets a value; what is not there is no error."""
    with asking("store"):
        _host.capability("store").delete(key)


def keys(prefix: str = "", after: Optional[str] = None, limit: int = 1000) -> list[str]:
    """Keys in the order of their bytes: those that begin with ``prefix``, those after ``after``, at most 1,000."""
    with asking("store"):
        return list(_host.capability("store").keys(prefix, after, limit))
