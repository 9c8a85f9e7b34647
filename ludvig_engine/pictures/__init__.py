"""Draw pictures for people: scores, features, sheets of views, photos beside renderings."""
