"""The command line: parse, call, print."""

from claimbasis.cli.commands import main

__all__ = ["main"]
