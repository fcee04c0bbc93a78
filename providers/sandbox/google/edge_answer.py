"""What the load balancer answers by itself, and what it adds to an origin's answer.

docs: "Troubleshoot issues with external Application Load Balancers" (502 for what goes wrong between it and
the backend), "External Application Load Balancer overview" (Via, Alt-Svc).
"""

from __future__ import annotations

from providers.sandbox.fetch import FetchError
from providers.sandbox.http1 import EdgeRequest, EdgeResponse

#: Of the origin's headers, those of one connection only.
NOT_PASSED = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"}
)
TRY_AGAIN = (
    "The server encountered a temporary error and could not complete your request.<p>Please try again in 30 "
    "seconds."
)


def page(status: int, title: str, words: str) -> EdgeResponse:
    """Give a page of Google's own."""
    text = (
        '\n<html><head>\n<meta http-equiv="content-type" content="text/html;charset=utf-8">\n'
        f"<title>{status} {title}</title>\n</head>\n<body text=#000000 bgcolor=#ffffff>\n"
        f"<h1>Error: {title}</h1>\n<h2>{words}</h2>\n<h2></h2>\n</body></html>\n"
    )
    return EdgeResponse(status, (("Content-Type", "text/html; charset=UTF-8"),), text.encode())


def bad_gateway() -> EdgeResponse:
    """Give the page for a backend that cannot be asked."""
    return page(502, "Server Error", TRY_AGAIN)


def origin_failure(error: FetchError, *, managed: bool) -> EdgeResponse:
    """Give the answer for what went wrong on the way to the origin; `managed`: not the classic kind."""
    if error.stage == "timeout" and managed:
        text = b"upstream request timeout"
        return EdgeResponse(504, (("Content-Type", "text/plain"),), text)
    return bad_gateway()


def redirect(status: int, location: str) -> EdgeResponse:
    """Give the redirect of a URL map."""
    return EdgeResponse(status, (("Location", location), ("Content-Type", "text/html; charset=UTF-8")))


def finished(request: EdgeRequest, answer: EdgeResponse) -> EdgeResponse:
    """Add what every answer of the load balancer has."""
    before = answer.header("via")
    kept = tuple(pair for pair in answer.headers if pair[0].lower() not in ("via", "alt-svc"))
    via = ("Via", f"{before}, 1.1 google" if before else "1.1 google")
    quic = (("Alt-Svc", 'h3=":443"; ma=2592000,h3-29=":443"; ma=2592000'),)
    added = (via, *(quic if request.scheme == "https" else ()))
    return EdgeResponse(answer.status, (*kept, *added), b"" if request.method == "HEAD" else answer.body)
