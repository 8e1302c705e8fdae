"""Reading natural numbers from texts that people and other programs send, such as a key in a form."""

# Every number of so many digits fits a key's column.
DIGITS_OF_A_KEY = 18


def number_of(text: str, *, digits: int = DIGITS_OF_A_KEY) -> int | None:
    """Return the number if the text consists of 1 to ``digits`` ASCII digits, else ``None``.

    ``str.isdecimal`` alone also accepts digits of other scripts, and ``int`` raises ``ValueError`` for more than 4,300 digits.
    """
    return int(text) if len(text) <= digits and text.isascii() and text.isdecimal() else None
