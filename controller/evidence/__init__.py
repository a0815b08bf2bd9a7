"""Recordings and records that leave the box, with what proves them."""
