"""Data of two kinds of pictures: an input, and what is to be made of it."""
