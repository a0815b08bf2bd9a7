"""Proves the invariants of a policy, or shows how one of them is broken."""
