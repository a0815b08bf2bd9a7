"""Verbs, pure: what follows from what. No clock, no disk, no network."""
