"""What reads and writes files, whatever is in them."""
