"""The other end of the wire: simulated devices with physical verbs. Nothing of the product imports this."""
