"""What artists see: panels, tools and preferences."""
