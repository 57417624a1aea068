"""The schema's history. `guards.py` writes by hand what autogenerate does not see: policies, triggers, exclusion."""
