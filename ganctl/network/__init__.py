"""Architectures that families share."""
