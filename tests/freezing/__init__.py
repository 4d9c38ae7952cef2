"""The parts of tests/freeze.py."""
