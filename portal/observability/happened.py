"""What happens in the portal that only whoever counts wants to know. Sent with ``send_robust``: no page or task fails for a count."""

from django.dispatch import Signal

# view, method, status, seconds
request_answered = Signal()
# result: of ``codes.passes.results.CheckResult``
pass_checked = Signal()
# outcome: ``sent`` or ``failed``; count
mails_left = Signal()
