"""What is wrong with a training, from its log lines alone: named, with evidence, and with what to try."""
