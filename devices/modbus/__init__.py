"""Relay boards on Modbus: what is read of them and asked of them, and the bus they share."""
