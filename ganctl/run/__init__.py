"""A run's folder: the only room that opens its files."""
