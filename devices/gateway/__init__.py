"""Wire to building and back: the only folder here that knows the building's words."""
