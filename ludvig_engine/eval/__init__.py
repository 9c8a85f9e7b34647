"""The benchmarks LUDVIG reports on, from their published layouts: a file per protocol.

Each has tasks (what the dataset asks), a predictor (what answers; this engine's, or any other) and a score. Scores and
layouts are tested apart from predictors, with answers that are known.
"""
