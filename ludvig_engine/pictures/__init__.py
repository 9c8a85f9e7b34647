"""Pictures for people: scores and features drawn, sheets of views, photos beside renderings."""
