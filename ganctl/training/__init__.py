"""A run's life: built, trained, watched, sampled."""
