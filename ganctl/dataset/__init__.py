"""One file a kind of data; a stream whose order is a function of position."""
