"""Open the page: `python app.py`, then the address that it prints."""

from __future__ import annotations

import argparse
import sys

from textual_inversion.errors import SettingsError, TextualInversionError


def main() -> int:
    """Read the options and serve the page until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="the address to listen at")
    add("--listen", action="store_true", help="listen at every address; needs --auth")
    add("--port", type=int, help="the port; the first free one from 7860 by default")
    add("--share", action="store_true", help="make a public gradio.live link; needs --auth")
    add("--auth", metavar="USER:PASSWORD", help="ask everybody for a user and a password")
    add("--allowed-host", dest="allowed_hosts", action="append", default=[], metavar="NAME",
        help="one more name the page answers to, such as a proxy's; may be repeated")  # fmt: skip
    options = vars(parser.parse_args())
    try:
        from textual_inversion.models.hub import client

        client()  # gradio imports it, too
        from webui.server import launch

        launch(**options)
    except TextualInversionError as error:
        sys.stderr.write(f"{error}\n")
        return 2 if isinstance(error, SettingsError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
