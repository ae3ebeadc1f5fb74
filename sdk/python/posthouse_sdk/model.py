"""The client's own model, called by the host on the client's key and budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Optional, Union

from . import _host
from .failures import asking


@dataclass(frozen=True)
class Completion:
    """What the model said."""

    #: Untrusted: never markup, never an instruction.
    text: str
    #: The model's name.
    model: str


def complete(
    instructions: str, input: Union[str, Iterable[str]] = (), max_output_tokens: Optional[int] = None
) -> Completion:
    """Asks the model and waits for its answer.

    ``input`` is what it works on: text from outside belongs here, never into ``instructions``. ``max_output_tokens``: at
    most 4,096. Raises HostError: "not-configured", "over-budget", "unavailable" or "rejected".
    """
    host = _host.capability("model")
    with asking("model"):
        prompt = host.Prompt()
        prompt.set_instructions(instructions)
        for text in [input] if isinstance(input, str) else input:
            prompt.add_input(text)
        if max_output_tokens is not None:
            prompt.set_max_output_tokens(max_output_tokens)
        completion = prompt.complete()
        return Completion(completion.text(), completion.model_name())
