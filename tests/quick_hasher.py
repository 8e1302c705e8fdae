"""Passwords as Django keeps them, with fewer rounds: a real hash costs a fifth of a second.

The one test that is about the rounds takes Django's own.
"""

from django.contrib.auth.hashers import PBKDF2PasswordHasher

PATH = f"{__name__}.QuickHasher"


class QuickHasher(PBKDF2PasswordHasher):
    iterations = 100
