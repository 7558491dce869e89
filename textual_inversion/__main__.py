"""`python -m textual_inversion` is `ti`."""

from textual_inversion.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
