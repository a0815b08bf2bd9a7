"""Readers and locks on MQTT 5: the topic contract, the box's own broker and its client."""
