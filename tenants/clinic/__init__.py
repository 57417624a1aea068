"""The clinic's face: profile, brand, booking rules, cancellation policy, mail texts.

Promises: what is kept is safe to show (documents are cleaned when they are saved, a logo is decoded once), and a policy
that has been promised never changes, it gets a new version. Begin at `rules.py`, then `actions.py`; `face.py` is what
every room's pages are drawn with.
"""
