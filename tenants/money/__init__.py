"""The clinic's money as its people see it: payments, who owes what, refunds, disputes, totals and payouts.

Begin at `staff.py` (the list and one payment), then `staff_desk.py` (what can be done with one) and `staff_sums.py`
(what it all adds up to). Everything that changes money is an action of `tenants/payments`; this room asks, shows and
presses.
"""
