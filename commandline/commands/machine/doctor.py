"""`ti doctor`: versions, devices, and what each precision, captioner and format can do here."""

from __future__ import annotations

import argparse
import sys

from commandline.tables import add_json_flag, aligned, is_terminal, print_json, print_table


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags."""
    del command
    add_json_flag(parser)
    parser.add_argument(
        "--compile",
        action="store_true",
        help="Also compile a small network and check its gradients; this may take a minute.",
    )


def run(args: argparse.Namespace) -> int:
    """Print what was found; return 1 if a device's gradients are wrong, else 0."""
    from commandline.commands.machine.diagnosis import Finding, diagnose

    titles = ("ABOUT", "WHAT", "STATE")
    found: list[Finding] = []
    rows: list[tuple[str, str, str]] = []
    for finding in diagnose(compiles=args.compile):
        found.append(finding)
        rows.append((finding.about, finding.name, finding.state))
    if args.json:
        print_json([finding.as_dict() for finding in found])
    else:
        plain = [] if is_terminal(sys.stdout) else aligned(rows)
        print_table(titles, rows, plain=plain)
    return 1 if any(finding.is_fault for finding in found) else 0
