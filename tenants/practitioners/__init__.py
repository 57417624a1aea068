"""Who offers which service, and the rooms there are. Begin at `models.py`."""
