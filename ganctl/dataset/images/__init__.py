"""Images: where they are, how they are read, which are trained on."""
