"""What the clinic offers: length, steps, buffers, price, and how it is paid for. Begin at `models.py`."""
