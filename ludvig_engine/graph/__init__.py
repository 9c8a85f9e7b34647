"""The graph of neighboring Gaussians, and how scores spread over it."""
