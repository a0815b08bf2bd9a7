"""The log's forms, one step each. A step may be repeated: power may be cut in the middle of it."""
