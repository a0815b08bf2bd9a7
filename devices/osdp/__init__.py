"""OSDP (IEC 60839-11-5, SIA OSDP 2.2), sans-IO: bytes and time in, bytes and values out."""
