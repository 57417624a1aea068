"""`flask demo`: two fictional clinics that show Longtide, built only through actions.

Owns no table. It promises that a second run completes what is missing and changes nothing else. Begin at `clinics.py`
(who they are), then `command.py` (how they are made, and what `demo.json` tells).
"""
