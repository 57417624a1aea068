"""The day as the office begins it: who comes, what is due, what has changed since yesterday, and the day's money.

Reads over every room below; what is pressed here (arrive, took place, did not come) are actions of `tenants.bookings`.
"""
