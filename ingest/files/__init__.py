"""Files that teams already have, read as records; nothing in them is executed."""
