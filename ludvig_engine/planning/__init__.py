"""Views of a scene that has no photos: where to look from, and what is seen from there."""
