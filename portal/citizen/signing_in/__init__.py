"""How citizens sign in: a document's number, then a code sent to the phone on record."""
