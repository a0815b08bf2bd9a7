"""Bytes to and from a line, and nothing else."""
