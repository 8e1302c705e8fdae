"""Numbers of cases in addresses: letters, digits and dashes. Anything else, such as a NUL, is no address of ours."""


class NumberConverter:
    """``<number:number>``: as it stands."""

    regex = "[A-Za-z0-9-]{1,40}"

    def to_python(self, value: str) -> str:
        """The number."""
        return value

    def to_url(self, value: str) -> str:
        """The number."""
        return value
