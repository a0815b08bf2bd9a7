"""The mission's own small certificate authority: who is who on the broker, and on the console's address."""
