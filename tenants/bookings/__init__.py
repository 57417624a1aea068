"""A promise of a time: hold, details, confirm, move, cancel, no-show, and the client's booking page.

Begin at `rules.py` (states and windows), then `actions.py`. `openings.py` asks the slot engine what can be booked;
holding asks it again for the very start, in the transaction that writes. What staff do is in `at_desk.py` (a booking
for somebody who rings), `changes.py` (move and cancel, with three minutes to take it back) and `desk.py` (why not).
"""
