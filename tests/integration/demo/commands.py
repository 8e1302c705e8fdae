"""``python -m tests.integration.demo.commands FILE COMMANDS``: run commands of the portal one after the other in one process.

What each printed is written to the file, as JSON.
"""

import io
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path

from django.core.management import execute_from_command_line


def main(file: str, commands: str) -> None:
    printed = []
    for arguments in json.loads(commands):
        with redirect_stdout(io.StringIO()) as said:
            execute_from_command_line(["manage.py", *arguments])
        printed.append(said.getvalue())
    Path(file).write_text(json.dumps(printed), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
