"""What a player pays beside its loss. They know no family: only (critic, real, fake, batch)."""
