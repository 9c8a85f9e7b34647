"""What `ludvig bench` measures: a file per subject, each with `run() -> dict` of figures."""
