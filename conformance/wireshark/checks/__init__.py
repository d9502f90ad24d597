"""What check.py is made of: frames, tshark, which field is which, comparing, planted breaks."""
