"""A simulated city: one seed drives clock, people, sources, officials, rules and crashes, and every day is held against the oracle.

`./run simulate --seed N` lives a month; `test_months.py` lives a few short ones. What is expected comes from `tests/oracle` and
`docs/semantics.md`; the city is only acted on by the verbs its pages and its daily job call.
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()
