"""Print the tables of extractors for docs/features.md and README.md."""

from .listing import summary, table

if __name__ == "__main__":
    print(f"{table()}\n\n{summary()}")
