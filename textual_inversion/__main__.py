"""`python -m textual_inversion` is `ti`."""

from commandline.main import main

if __name__ == "__main__":
    raise SystemExit(main())
