"""The paper's experiments, apart from the product: its configurations, its diffusions, the released code's quirks."""
