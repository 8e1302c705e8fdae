"""Django's password hasher with fewer iterations: a full hash takes a fifth of a second.

The test about the number of iterations uses Django's own hasher.
"""

from django.contrib.auth.hashers import PBKDF2PasswordHasher

PATH = f"{__name__}.QuickHasher"


class QuickHasher(PBKDF2PasswordHasher):
    iterations = 100
