"""Points of a known distribution."""
