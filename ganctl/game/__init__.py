"""The contract between a family and the loop that trains it."""
