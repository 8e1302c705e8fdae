"""Signals of countable events. They are sent with ``send_robust``, so that no page or task fails because of a count."""

from django.dispatch import Signal

# view, method, status, seconds
request_answered = Signal()
# result: a value of ``codes.passes.results.CheckResult``
pass_checked = Signal()
# outcome: ``sent`` or ``failed``; count
mails_left = Signal()
