"""Nouns and facts: frozen values. Imports nothing of ours."""
