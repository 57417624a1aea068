"""A promise of a time: hold, details, confirm, move, cancel, no-show, and the client's booking page.

Begin at `rules.py` (states and windows), then `actions.py`. `openings.py` asks the slot engine what can be booked;
holding asks it again for the very start, in the transaction that writes.
"""
