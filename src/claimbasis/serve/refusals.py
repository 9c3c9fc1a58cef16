"""Why a request is not answered: one shape for every error of the service."""

from __future__ import annotations

from claimbasis.errors import ClaimbasisError

# What a client with a refused request is told to wait.
RETRY_AFTER_SECONDS = 2


class Refusal(ClaimbasisError):
    """A request that gets no answer, with the status it gets instead.

    Args:
        status: HTTP status, from 400 on.
        error: What is wrong, in a sentence without a stop.
        found: What the request brought; never its text.
        allowed: What would have been right.
        way_out: What to do next.
    """

    def __init__(self, status: int, error: str, *, found: str, allowed: str, way_out: str) -> None:
        super().__init__(f"{error}: found {found}; allowed {allowed}; {way_out}")
        self.status = status
        self.error = error
        self.found = found
        self.allowed = allowed
        self.way_out = way_out

    @property
    def headers(self) -> dict[str, str]:
        """Headers that belong to the status."""
        return {"Retry-After": str(RETRY_AFTER_SECONDS)} if self.status == 503 else {}

    def to_dict(self) -> dict[str, str]:
        """The answer's body, ready for JSON."""
        return {"error": self.error, "found": self.found, "allowed": self.allowed, "way_out": self.way_out}


def refuse_body(found: str, max_body_bytes: int) -> Refusal:
    """The refusal of a body that is too large."""
    return Refusal(
        413,
        "the request is too large",
        found=found,
        allowed=f"at most {max_body_bytes:,} bytes",
        way_out="send fewer articles in one request or a file's text alone, or use `claimbasis report`",
    )


def refuse_busy(found: str, allowed: str) -> Refusal:
    """The refusal of a request for which there is no room now."""
    return Refusal(
        503,
        "the server is busy",
        found=found,
        allowed=allowed,
        way_out=f"send the same request again in {RETRY_AFTER_SECONDS} seconds or later",
    )


def refuse_late(found: str, timeout_seconds: float) -> Refusal:
    """The refusal of a request whose answer takes too long."""
    return Refusal(
        503,
        "the time limit is reached",
        found=found,
        allowed=f"at most {timeout_seconds:g} seconds from the whole request to its answer",
        way_out="send less text in one request, try again later, or start the server with a larger --timeout",
    )


def refuse_stopping() -> Refusal:
    """The refusal of a request that comes while the server stops."""
    return Refusal(
        503,
        "the server is stopping",
        found="a new request",
        allowed="none from now on; those that came before are answered",
        way_out="send the same request again when the server has started anew",
    )
