"""What `ganctl evaluate` measures, and the pictures of it."""
