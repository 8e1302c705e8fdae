"""``health-code-verify --keys FILE [--at T] TOKEN|-``."""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from health_code_verifier.keys import BadKeyList, read_list
from health_code_verifier.verify import check


def main(arguments: list[str] | None = None) -> int:
    """0: ok; 6: any other result; 2: a key list that cannot be used."""
    parser = argparse.ArgumentParser(prog="health-code-verify", description="Verifies a health code off-line.")
    parser.add_argument("--keys", required=True, action="append", metavar="FILE", help="a city's signed key list")
    parser.add_argument(
        "--pin", action="append", default=[], type=bytes.fromhex, metavar="KEY", help="who may sign lists"
    )
    parser.add_argument("--at", type=_instant, metavar="T", help="as of this instant; default: now")
    parser.add_argument("code", metavar="TOKEN|-", help="the code, or - for standard input")
    given = parser.parse_args(arguments)
    try:
        lists = [read_list(Path(file).read_text(encoding="utf-8"), tuple(given.pin)) for file in given.keys]
    except (OSError, UnicodeDecodeError, BadKeyList) as error:
        print(f"health-code-verify: {error}", file=sys.stderr)
        return 2
    text = sys.stdin.read() if given.code == "-" else given.code
    found = check(text, lists, at=given.at or datetime.now(UTC))
    said = {
        "number": found.number,
        "result": found.result,
        "detail": found.detail,
        "division": found.division,
        "pseudonym": found.pseudonym,
        "colour": found.colour,
        "as_of": found.issued_at.isoformat() if found.issued_at else None,
        "list_age_hours": round(found.list_age.total_seconds() / 3600, 1) if found.list_age is not None else None,
        "signed_by": [one.signed_by.hex() for one in lists],
    }
    print(json.dumps({name: value for name, value in said.items() if value is not None}))
    return 0 if found.result == "ok" else 6


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError("an instant needs a time zone")
    return instant


if __name__ == "__main__":
    sys.exit(main())
