"""What lasts: the event log, the secrets, and what is derived from them."""
