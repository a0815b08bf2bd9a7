"""The shell around the core: one queue, one writer, one timer."""
