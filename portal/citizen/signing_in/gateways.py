"""What stands in where no gateway is named."""

from codes.citizens.gateway import GatewayRefused


class NoGateway:
    """Refuses every message, and says to the operator's log what is missing."""

    def send(self, *, phone: str, text: str) -> None:  # noqa: ARG002 - a gateway's signature
        """Nothing is sent."""
        raise GatewayRefused("SMS_GATEWAY is not set; no citizen can sign in")
