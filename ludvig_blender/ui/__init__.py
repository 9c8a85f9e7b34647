"""Panels, tools and preferences: what artists see."""
