"""Runs side by side: which numbers may be ranked, which runs are one experiment, and in what they differ."""
