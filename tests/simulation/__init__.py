"""A simulated city: one seed drives clock, people, sources, officials, rules and crashes. Every day is compared with the oracle.

`./run simulate --seed N` simulates a month; `test_months.py` simulates a few short ones. The expected results come from
`tests/oracle` and `docs/semantics.md`. The city is changed only by the functions that its pages and its daily job call.
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()
