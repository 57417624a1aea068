"""People who log in: a clinic's owner, practitioners and front desk, and the platform's operators.

Owns the table `account`, log-in, log-out and the password reset by mail (all three are Flask-Security's), and what is
written when somebody logs in. Promises: the same e-mail in two clinics is two accounts; a stranger learns from no
answer whether an address is known; nobody is locked out for good. Begin reading at `models.py`, then `public.py`.
"""
