"""The clinic's calendar: a week of one practitioner or a day of several, and all that staff do from it.

Owns no table. It promises that what is drawn is what the engine sees: the same hours, the same bookings, holds and time
off, in a fixed number of queries. Begin at `staff.py` for the pages; `rules.py` lays a calendar out, `queries.py` reads
one, and what is changed is changed by the actions of the rooms below (`tenants/bookings/changes.py`, `at_desk.py`).
"""
