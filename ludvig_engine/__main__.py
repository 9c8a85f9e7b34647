"""`python -m ludvig_engine ...` is the `ludvig` command."""

from .cli import main

if __name__ == "__main__":
    main()
