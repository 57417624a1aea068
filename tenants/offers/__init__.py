"""What a clinic offers, as its owner keeps it: sessions and prices, practitioners, rooms.

Promises: what has bookings is never deleted, only no longer offered, and the page says first what that means for the
bookings ahead; what was booked stays as it was promised.

Begin reading at `actions.py`; the tables belong to `tenants/services` and `tenants/practitioners`. The pages stand
above the bookings because they speak of them.
"""
