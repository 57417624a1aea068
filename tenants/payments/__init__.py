"""What a booking owes and has paid: attempts, refunds, the ledger. Begin at `models.py`, the rules are in `rules.py`."""
