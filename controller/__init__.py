"""The building: what is true, what is allowed, what is to be done."""
