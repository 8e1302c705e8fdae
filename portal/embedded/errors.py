"""What goes wrong with the embedded servers, in words that tell the reader what to do next."""


class EmbeddedServerError(Exception):
    """An embedded server cannot be found, started or stopped. The message holds no password."""
