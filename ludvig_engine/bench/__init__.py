"""What `ludvig bench` measures: each subject has a file, whose `run` returns a dict of figures."""
