"""For the people who run the plugin. At most 16 KiB per call; the rest is dropped and counted."""

from __future__ import annotations

from . import _host


def _write(level: str, values: tuple) -> None:
    _host.capability("log").write(_host.enum("log", "Level", level), " ".join(map(str, values)))


def debug(*values: object) -> None:
    """Details for whoever looks for a mistake. Values are joined by spaces."""
    _write("debug", values)


def info(*values: object) -> None:
    """What happened."""
    _write("info", values)


def warn(*values: object) -> None:
    """What somebody should look at."""
    _write("warn", values)


def error(*values: object) -> None:
    """What went wrong."""
    _write("error", values)
