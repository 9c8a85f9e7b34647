"""What a .blend file holds of splats, segments and prompts: reading and writing it."""
