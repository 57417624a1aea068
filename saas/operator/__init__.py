"""The operator's console: clinics, jobs, Stripe's notices, and the platform's audit.

Promises: no page tells anything about a clinic's clients; of a clinic it shows its row, who owns it, and the counts
that `Parts.facts` hands down. Every deed asks who is there again and is in the audit. Begin at `staff.py`.
"""
