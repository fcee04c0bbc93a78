"""The list of calls stays within bounds, however long a sandbox lives."""

from providers.sandbox.calls import KEPT_CALLS, KEPT_CHARACTERS, Call, CallLog, redacted


def call(number: int, body: str = "") -> Call:
    return Call(number, 0.0, "api", "acme", "main", "GET", "/", "", (), body, "")


def test_the_oldest_calls_are_dropped_beyond_the_number_kept() -> None:
    log = CallLog()
    for number in range(KEPT_CALLS + 2):
        log.add(call(number))

    assert (len(log), next(iter(log)).id) == (KEPT_CALLS, 2)


def test_the_oldest_calls_are_dropped_beyond_the_size_kept_but_never_the_last() -> None:
    log = CallLog()
    body = "x" * (KEPT_CHARACTERS // 2)
    for number in range(3):
        log.add(call(number, body))
    both = [c.id for c in log]
    log.add(call(9, body * 3))

    assert both == [1, 2]
    assert [c.id for c in log] == [9]


def test_secrets_in_headers_are_blotted_out() -> None:
    headers = [("AUTHORIZATION", "key"), ("Authorization", "Bearer key"), ("Set-Cookie", "a=b"), ("X", "y")]
    assert [value for _name, value in redacted(headers)] == [
        "[redacted]",
        "Bearer [redacted]",
        "[redacted]",
        "y",
    ]
