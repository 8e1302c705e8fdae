"""The one masking layer: what may be shown of a person without a purpose and a journal entry."""

STAR = "*"


def mask_name(name: str) -> str:
    """The first and the last character with stars between: 张小三 → 张*三, 张三 → 张*; a single one is hidden."""
    match len(name):
        case 0:
            return ""
        case 1:
            return STAR
        case 2:
            return name[0] + STAR
        case length:
            return name[0] + STAR * (length - 2) + name[-1]


def mask_number(number: str) -> str:
    """The first two and the last two characters in the number's own length; four or fewer are hidden whole."""
    return _keep_ends(number, head=2, tail=2)


def mask_phone(phone: str) -> str:
    """The first three and the last four digits, as people know it from bills; seven or fewer are hidden whole."""
    return _keep_ends(phone, head=3, tail=4)


def _keep_ends(text: str, *, head: int, tail: int) -> str:
    """The text with all but its ends starred; one that has nothing but ends is starred whole."""
    hidden = len(text) - head - tail
    if hidden <= 0:
        return STAR * len(text)
    return text[:head] + STAR * hidden + text[-tail:]
