"""Published remedies against mode collapse and instability, one file each: parts that any game can carry."""
