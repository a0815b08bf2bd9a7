"""Readers, locks, sensors and the lines they hang on."""
