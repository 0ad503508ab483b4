"""Values: how numbers and days are written in a column - declared, proven or asked - and how they are read."""
