"""A test double of Stripe over HTTP: one process, one SQLite file, no money.

Promises: answers, errors and events have Stripe's shapes; what the library's own types do not know
is refused; every change is one transaction, so a killed process loses and doubles nothing; webhooks
are rows that are retried until they are taken.

Begin with `serve.py` (starting it), then `api.py` (the way of a request), `checkout.py`, `paying.py`
and `refunds.py` (what happens to money), `courier.py` (webhooks) and `faults.py` (breaking it).
"""
