"""Layers that Keras does not have."""
