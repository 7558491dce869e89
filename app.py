"""Open the page: `python app.py`, then the address that it prints."""

from __future__ import annotations

import argparse
import sys

from textual_inversion.errors import SettingsError, TextualInversionError


def main() -> int:
    """Read the options and serve the page until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at")
    parser.add_argument(
        "--listen", action="store_true", help="listen at every address; needs --auth"
    )
    parser.add_argument(
        "--port", type=int, help="the port; the first free one from 7860 by default"
    )
    parser.add_argument(
        "--share", action="store_true", help="a public gradio.live link; needs --auth"
    )
    parser.add_argument("--auth", metavar="USER:PASSWORD", help="ask for a user and a password")
    parser.add_argument(
        "--allowed-host", dest="allowed_hosts", action="append", default=[], metavar="NAME",
        help="a name under which the page may be asked for, such as a proxy's; may be repeated",
    )  # fmt: skip
    options = vars(parser.parse_args())
    try:
        from webui.server import launch

        launch(**options)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except TextualInversionError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
