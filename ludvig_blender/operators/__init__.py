"""What artists can do: thin operators, a file per group of verbs."""
