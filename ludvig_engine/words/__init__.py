"""From words to the object they name, if it is there."""
