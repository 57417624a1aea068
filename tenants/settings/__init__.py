"""What an owner decides about the clinic as a whole: how it looks and reads, where it is, when it can be booked, what a
late cancel costs; and the guided way through the first of it.

Promises: every page says what holds now before it asks; who saves second is told; nothing booked is changed by a
setting. The rows belong to `tenants/clinic`, whose actions write them. Begin at `staff.py`; `rules.py` plays the last
90 days again under another policy, `staff_start.py` is the way in for a new clinic.
"""
