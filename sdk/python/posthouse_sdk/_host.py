"""The host's interfaces: in a component what componentize-py made of them, else what a test put in their place."""

from __future__ import annotations

import importlib
import re
from typing import Any


def interface(name: str) -> Any:
    """A module of the host, or None when it was not built in (in a native test: never)."""
    try:
        return importlib.import_module(f"wit_world.imports.{name}")
    except ImportError:
        return None


#: Whether this is a component.
INSIDE = interface("types") is not None

# All at once and early: during a call nothing can be imported.
_INTERFACES = {name: interface(name) for name in ("types", "templates", "http", "model", "knowledge", "store", "log")}


def capability(name: str) -> Any:
    """The host's side of a capability.

    Raises RuntimeError when the component was built without it.
    """
    if not INSIDE:
        from . import _fake

        return getattr(_fake, name)
    found = _INTERFACES[name]
    if found is None:
        raise RuntimeError(f"this plugin was built without the capability `{name}`: import posthouse_sdk.{name} in it")
    return found


def enum(interface_name: str, type_name: str, value: Any) -> Any:
    """A word as the host's own enum: ``enum("types", "Urgency", "high")``. Raises ValueError for an unknown word."""
    word = getattr(value, "value", value)
    if not INSIDE:
        return word
    try:
        return getattr(_INTERFACES[interface_name], type_name)[str(word).upper().replace("-", "_")]
    except KeyError:
        raise ValueError(f"{word!r} is no {type_name}") from None


def word(value: Any) -> str:
    """The word of one of the host's enums."""
    return value if isinstance(value, str) else value.name.lower().replace("_", "-")


def refusal(error: BaseException) -> tuple[str, str] | None:
    """Kind and words of an error that a host function gave; None for any other error."""
    value = getattr(error, "value", None)
    if type(error).__name__ != "Err" or value is None:
        return None
    if isinstance(value, str):
        return "refused", value
    kind = type(value).__name__.rpartition("_")[2]
    kind = re.sub(r"(?<!^)([A-Z])", r"-\1", kind).lower()
    return kind, str(getattr(value, "value", ""))
