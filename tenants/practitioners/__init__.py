"""Who offers which service, and the rooms there are.

Promises: nobody who has bookings is ever deleted, only retired. Begin at `models.py`, then `actions.py`.
"""
