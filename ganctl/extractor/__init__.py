"""What turns images into features and class scores, by which they are measured: one file a kind."""
