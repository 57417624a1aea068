"""Availability: weekly hours, overrides, breaks, time off, and which starts follow from them.

Promises: `slots.py` is the only place that decides whether a start can be booked. It is pure
(values in, starts out) and the listing, the commit check and `explain` all ask it.

Begin reading at `slots.py`; `hours.py` holds the values the hours pages edit, `walltime.py` turns
wall clocks into instants, `intervals.py` is the arithmetic.
"""
