"""What is outside of this program: other programs on this machine, and addresses on the web."""
