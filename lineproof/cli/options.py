"""Options that several commands share."""

import argparse


def add_backend(parser: argparse.ArgumentParser) -> None:
    """Where to ask: a server or a data folder; and in which project."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--url", help="ask this server (LINEPROOF_URL)")
    where.add_argument("--data", metavar="DIR", help="open this data folder (LINEPROOF_DATA)")
    add_project(parser)


def add_folder(parser: argparse.ArgumentParser) -> None:
    """A data folder of this machine, and the graph that goes with it."""
    parser.add_argument("--data", metavar="DIR", help="the data folder (LINEPROOF_DATA)")
    parser.add_argument(
        "--graph", metavar="STORE", help="sqlite, or a Neo4j address (LINEPROOF_GRAPH)"
    )


def add_project(parser: argparse.ArgumentParser) -> None:
    """The project that the command works in."""
    parser.add_argument("--project", metavar="NAME", help="the project (LINEPROOF_PROJECT)")
