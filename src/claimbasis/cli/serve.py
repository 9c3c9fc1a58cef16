"""The `claimbasis serve` command: a page and an HTTP service."""

from __future__ import annotations

import argparse
import logging

from claimbasis.cli.arguments import add_model, positive
from claimbasis.errors import InputError

logger = logging.getLogger("claimbasis")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def add_serve(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    from claimbasis.serve.limits import Limits

    limits = Limits()
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default: 127.0.0.1, this machine)")
    parser.add_argument("--port", type=int, default=8000, metavar="N", help="0 takes a free one (default: 8000)")
    add_model(parser)
    parser.add_argument(
        "--max-chars",
        type=positive,
        default=limits.max_article_chars,
        metavar="N",
        help="of one article (default: %(default)s)",
    )
    parser.add_argument(
        "--timeout",
        type=positive,
        default=limits.timeout_seconds,
        metavar="SECONDS",
        help="for an answer (default: %(default)g)",
    )
    parser.add_argument(
        "--max-waiting",
        type=positive,
        default=limits.max_waiting,
        metavar="N",
        help="requests in the queue (default: %(default)s)",
    )
    parser.set_defaults(command=_serve)


def _serve(options: argparse.Namespace) -> int:
    try:
        from claimbasis.serve.app import make_app
        from claimbasis.serve.server import Server, open_port
    except ModuleNotFoundError as error:
        raise InputError(f"{error.name} is not installed; serving needs: pip install 'claimbasis[serve]'") from error
    from claimbasis.inference.classifier import Classifier
    from claimbasis.serve.limits import Limits

    limits = Limits(
        max_article_chars=options.max_chars, timeout_seconds=options.timeout, max_waiting=options.max_waiting
    )
    with open_port(options.host, options.port) as listener:
        classifier = Classifier.load(
            options.model, precision=options.precision, n_threads=options.threads, device=options.device
        )
        app = make_app(classifier, limits)
        if options.host not in _LOOPBACK:
            logger.warning(
                "--host %s: others can reach this server, which asks for no password; put a proxy in front of it",
                options.host,
            )
        host, port = listener.getsockname()[:2]
        logger.info("http://%s:%d/ is ready; Ctrl-C stops it", f"[{host}]" if ":" in host else host, port)
        Server(app).run(sockets=[listener])
    return 0
