"""Differentiable changes of everything that a critic sees, real and fake, in every turn: parts of a game."""
