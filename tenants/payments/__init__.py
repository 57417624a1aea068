"""What a booking owes and has paid: attempts, refunds, the ledger.

Begin at `models.py`; the rules are in `rules.py`. `actions.py` opens payments, charges, settles and asks for refunds;
`attempts.py` keeps the tries to pay by card; `refunds.py` and `effects.py` carry money back. Stripe is called from
`effects.py` here and from the bookings' checkout, which knows what a paid session means for a place.
"""
