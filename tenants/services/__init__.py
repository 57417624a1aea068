"""What the clinic offers: length, steps, buffers, price, and how it is paid for.

Promises: a change never changes what was booked, because bookings carry snapshots. Begin at `rules.py`, then
`actions.py`.
"""
