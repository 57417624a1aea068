"""The clinic's face: profile, brand, booking rules, cancellation policy, mail texts. Begin at `models.py`."""
