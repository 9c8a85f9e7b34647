"""The benchmarks that LUDVIG's paper reports on, read from their published layouts.

Each protocol has a file with three parts: tasks (the questions of the dataset), a predictor (which
answers them; this engine's or any other), and a score. Layouts and scores are tested apart from
predictors, with known answers.
"""
