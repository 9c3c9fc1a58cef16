"""Where commands put what they write."""

from __future__ import annotations

from pathlib import Path

from claimbasis.errors import InputError


def make_folder(path: Path) -> None:
    """Makes a folder for `--output`, and those above it.

    Raises:
        InputError: It is something else, or cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"--output: {path} is no folder and cannot become one ({error}); choose another place"
        ) from error
