"""People who log in: a clinic's owner, practitioners and front desk, and the platform's operators.

Owns the tables `account`, `passkey` and `recovery_code`: log-in, log-out and the reset by mail (Flask-Security's, in
`library.py` and `public.py`), the second step, passkeys, "is it still you?" and invitations (`door.py`), one's own
account (`staff.py`), and what an owner decides about the others (`staffing.py`, `invitations.py`). Promises: the same
e-mail in two clinics is two accounts; a stranger learns from no answer whether an address is known; each code is good
once; a clinic keeps an owner; nobody is locked out for good. Begin reading at `models.py`, then `public.py`, `door.py`.
"""
