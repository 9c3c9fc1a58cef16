"""`claimbasis register` and `claimbasis promote`: from runs to the model that everybody uses."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from claimbasis.cli.output import make_console

if TYPE_CHECKING:
    from claimbasis.registry.promotion import Verdict

logger = logging.getLogger("claimbasis")
_NAME = "claimbasis"
_RESUME_HINT = "If no alias was told to have moved, none has."


def add_register(parser: argparse.ArgumentParser) -> None:
    """Arguments of `claimbasis register`."""
    parser.add_argument(
        "source", metavar="RUN", help="id of a run of the tracking store, its beginning, or a model folder"
    )
    _add_name(parser)
    parser.add_argument("--alias", default="candidate", metavar="ALIAS", help="of the new version (default: candidate)")
    parser.add_argument("--precision", choices=("int8", "fp32"), help="weights to register (default: int8 where there)")
    parser.set_defaults(command=_register, resume_hint=_RESUME_HINT)


def add_promote(parser: argparse.ArgumentParser) -> None:
    """Arguments of `claimbasis promote`."""
    parser.add_argument("version", metavar="VERSION", help="number of a version, or its alias, such as candidate")
    _add_name(parser)
    parser.add_argument(
        "--data",
        nargs="+",
        default=[],
        metavar="FILE",
        help="annotated articles to measure on (default: those that the version's training run was measured on)",
    )
    parser.add_argument("--gate", type=Path, metavar="FILE", help="limits, as in models/gate.toml (default: that file)")
    parser.set_defaults(command=_promote, resume_hint=_RESUME_HINT)


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", default=_NAME, help=f"of the registered model (default: {_NAME})")


def _register(options: argparse.Namespace) -> int:
    from claimbasis.registry.promotion import register_model
    from claimbasis.registry.store import tell_failures

    _quieten_mlflow()
    with tell_failures():
        version = register_model(options.source, options.name, options.alias, precision=options.precision)
    logger.info(
        "%s version %d (%s) is %s: models:/%s@%s",
        version.name, version.number, version.tags["model_id"], options.alias, version.name, options.alias,
    )  # fmt: skip
    return 0


def _promote(options: argparse.Namespace) -> int:
    from claimbasis.registry.promotion import crown, judge_version
    from claimbasis.registry.store import tell_failures
    from claimbasis.report.progress import StatementProgress

    _quieten_mlflow()
    with tell_failures(), StatementProgress() as progress:
        verdict = judge_version(
            options.name, options.version, data=options.data, gate_file=options.gate, on_statements=progress.add
        )
    _print(verdict)
    with tell_failures():
        crown(verdict)
    return _tell(verdict)


def _print(verdict: Verdict) -> None:
    from claimbasis.evaluation.tables import render_checks

    version = verdict.version
    title = f"{version.name} version {version.number} ({version.tags.get('model_id', 'unknown')}) on {verdict.data}"
    make_console().print(render_checks(verdict.checks, title))


def _tell(verdict: Verdict) -> int:
    from claimbasis.evaluation.tables import show_measure

    before = f"version {verdict.champion.number}" if verdict.champion else "none"
    if not verdict.missed:
        logger.info("champion: version %d (before: %s)", verdict.version.number, before)
        return 0
    for check in verdict.missed:
        logger.error(
            "refused: %s is %s, %s %s",
            check.name, show_measure(check.value, check.unit),
            f"{show_measure(check.missed_by, check.unit)} {'below' if check.is_floor else 'above'}",
            show_measure(check.limit, check.unit),
        )  # fmt: skip
    logger.error("champion: %s, as before", before)
    return 1


def _quieten_mlflow() -> None:
    """MLflow tells of its own steps; those that matter here are told by the commands."""
    logging.getLogger("mlflow").setLevel(logging.WARNING)
