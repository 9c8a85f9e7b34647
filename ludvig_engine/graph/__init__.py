"""The graph of neighboring Gaussians, and what spreads over it."""
