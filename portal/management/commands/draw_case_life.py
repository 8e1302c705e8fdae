"""``manage.py draw_case_life``: bring ``docs/case-life.md`` to what the tables say."""

from typing import Any

from django.core.management.base import BaseCommand

from codes.review.drawing import PAGE, page


class Command(BaseCommand):
    help = "Writes docs/case-life.md from the transition tables of cases and appeals."
    requires_system_checks = ()

    def handle(self, *_: Any, **__: Any) -> None:
        PAGE.write_text(page(), encoding="utf-8")
        self.stdout.write(f"Wrote {PAGE}.")
