"""Hashing of the log, and its verifier. Imports nothing of ours, so that an auditor can read it alone."""
