"""The way a code reaches a phone. Which gateway a city has is the portal's to say."""

from typing import Protocol


class GatewayRefused(RuntimeError):
    """The message was not taken; the message says why, without the phone or the code."""


class SmsGateway(Protocol):
    """Sends one short message. Raises ``GatewayRefused``."""

    def send(self, *, phone: str, text: str) -> None:
        """Hand the message over; returning means that it was taken, not that it arrived."""
        ...
