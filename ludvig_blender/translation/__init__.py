"""The user interface in the user's language: a catalogue per language, and `say` for templates."""
