"""The platform: it knows that tenants exist and never what a clinic does.

Begin reading at `app.py` (how the kernel is put together), then `db.py` (one action = one transaction) and
`tenancy.py` (who may see what). Nothing in here imports `tenants`.
"""
