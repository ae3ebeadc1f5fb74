"""Notifiers over an HTTP platform: how loud a notice is, and what the platform's answer means."""

from __future__ import annotations

from typing import Literal

from .answers import Delivery
from .failures import PermanentFailure, TemporaryFailure
from .http import Answer
from .values import Urgency, clip
from .views import Notification


def tone_of(notification: Notification) -> Literal["calm", "good", "caution", "alarm"]:
    """How loud a notice is: what a card's colour says."""
    if notification.kind == "recovery":
        return "good"
    if notification.kind == "alert" or notification.urgency == Urgency.URGENT:
        return "alarm"
    return "caution" if notification.urgency == Urgency.HIGH else "calm"


def expect_delivered(answer: Answer, out: Delivery) -> None:
    """Ends the call unless the answer's status says that the notice was taken.

    408, 425, 429 and 5xx are worth another try (after ``Retry-After``): TemporaryFailure; other statuses are not:
    PermanentFailure.
    """
    if answer.ok:
        return
    reason = f"HTTP {answer.status}: {clip(answer.text.strip(), 300)}"
    if answer.status in (408, 425, 429) or answer.status >= 500:
        if answer.retry_after_seconds is not None:
            out.set_retry_after(answer.retry_after_seconds)
        raise TemporaryFailure(reason)
    raise PermanentFailure(reason)
