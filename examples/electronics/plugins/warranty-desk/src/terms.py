"""Whether a device is in warranty, and how sure that is."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Iterable, Literal, Optional

from purchase import Bought, add_months

Verdict = Literal["in", "out", "unclear"]


@dataclass(frozen=True)
class Decision:
    """What holds for everything that is still possible."""

    verdict: Verdict
    #: The warranty ends not before the first and not after the last of these days.
    ends: tuple[datetime.date, datetime.date]
    #: It is said to have been bought before it was made.
    is_impossible: bool = False


def decide(
    bought: Optional[Bought], made: Optional[tuple[int, int]], months: Iterable[int], today: datetime.date
) -> Decision:
    """``months``: the terms that may apply, at least one. The last day of the term still counts.

    Without a purchase date the month of making is the earliest day on which it can have been bought: a device that would be
    in warranty even then is in warranty whatever the invoice says.
    """
    terms = sorted(set(months))
    made_on = datetime.date(made[0], made[1], 1) if made else None
    if bought:
        first, last = bought.first, bought.last
    else:
        first, last = made_on or datetime.date.min.replace(year=1970), today
    ends = add_months(first, terms[0]), add_months(last, terms[-1])
    if bought and made_on and bought.last < made_on:
        return Decision("unclear", ends, is_impossible=True)
    if today <= ends[0]:
        return Decision("in", ends)
    return Decision("out" if today > ends[1] else "unclear", ends)
