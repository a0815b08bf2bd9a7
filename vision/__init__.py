"""The eyes: they see and never decide."""
