"""The paper's experiments, apart from the product: configurations, diffusions, released quirks."""
