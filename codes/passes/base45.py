"""Base45 (RFC 9285): bytes in the 45 signs that a QR code packs densest."""

SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUE = {sign: value for value, sign in enumerate(SIGNS)}


def encode(raw: bytes) -> str:
    """Two bytes become three signs, a last single one two."""
    signs = []
    for start in range(0, len(raw), 2):
        piece = raw[start : start + 2]
        number = int.from_bytes(piece, "big")
        for _ in range(len(piece) + 1):
            number, place = divmod(number, 45)
            signs.append(SIGNS[place])
    return "".join(signs)


def decode(text: str) -> bytes:
    """The inverse. Raises ``ValueError`` for anything that ``encode`` cannot have made."""
    raw = bytearray()
    for start in range(0, len(text), 3):
        piece = text[start : start + 3]
        if len(piece) == 1 or any(sign not in _VALUE for sign in piece):
            raise ValueError("not base45")
        number = sum(_VALUE[sign] * 45**place for place, sign in enumerate(piece))
        size = len(piece) - 1
        if number >= 256**size:
            raise ValueError("not base45")
        raw += number.to_bytes(size, "big")
    return bytes(raw)
