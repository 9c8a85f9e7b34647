"""What artists can do: thin operators, with a file for each group."""
