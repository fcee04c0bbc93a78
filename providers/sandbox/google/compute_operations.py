"""Operations: every change begins one, and it ends some seconds later.

docs: "Handling API responses" (statuses, waiting on a best-effort basis, requestId).
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from .call import COMPUTE, Answer, Call, Refusal, Route
from .compute_list import listed
from .compute_refusals import CODES, PHRASES, not_ready
from .compute_state import HOST, PENDING_S, Body, Operation, link_of, path_of, stamp

PATH = "/compute/v1/projects/{project}/global/operations"
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def repeated(call: Call) -> Answer | None:
    """Give the operation that a request with the same requestId began; None for a new request.

    Raises Refusal where it is no UUID.
    """
    given = call.query.get("requestId", "")
    if given and (not UUID.fullmatch(given) or set(given) <= {"0", "-"}):
        text = f"Invalid value for field 'requestId': '{given}'. The request ID must be a valid UUID."
        raise Refusal(400, "invalid", text)
    for operation in call.project.compute.operations.values():
        if given and operation.request_id == given and operation.asked == _digest(call):
            return Answer(view(call, operation))
    return None


def _digest(call: Call) -> str:
    spelt = json.dumps([call.method, call.path, call.json], sort_keys=True)
    return hashlib.sha256(spelt.encode()).hexdigest()[:16]


def idle(call: Call, collection: str, name: str) -> None:
    """Raise Refusal while an operation runs on a resource."""
    if call.project.compute.running(collection, name, call.now):
        raise not_ready(path_of(call.project.id, collection, name))


def begun(
    call: Call, kind: str, at: tuple[str, str], body: Body | None, *, failing: Refusal | None = None
) -> Answer:
    """Begin an operation on a resource (collection, name), which is `body` at its end (None: gone).

    With `failing` it ends in that error and changes nothing.
    """
    compute, now = call.project.compute, call.now
    collection, name = at
    before = compute.body(collection, name, now)
    number = compute.new_id(call.project.id)
    digest = hashlib.sha256(number.encode()).hexdigest()
    operation = Operation(
        name=f"operation-{int(now * 1000)}-{digest[:13]}-{digest[13:21]}-{digest[21:29]}",
        id=number,
        type=kind,
        collection=collection,
        target=name,
        target_id=str((body or before or {}).get("id", "0")),
        user=call.caller,
        inserted=now,
        begins=now + min(PENDING_S, compute.operation_s),
        ends=now + compute.operation_s,
        request_id=call.query.get("requestId", ""),
        asked=_digest(call),
    )
    if failing is None:
        compute.put(collection, name, body, operation.ends, now)
    else:
        operation.errors = [[CODES[failing.reason], failing.message]]
        operation.status = failing.status
    compute.operations[operation.name] = operation
    return Answer(view(call, operation))


def view(call: Call, operation: Operation) -> dict[str, Any]:
    """Spell an operation as it stands."""
    project, now = call.project.id, call.now
    state = operation.state(now)
    shown: dict[str, Any] = {
        "kind": "compute#operation",
        "id": operation.id,
        "name": operation.name,
        "operationType": operation.type,
        "targetLink": link_of(project, operation.collection, operation.target),
        "targetId": operation.target_id,
        "status": state,
        "user": operation.user,
        "progress": 100 if state == "DONE" else 0,
        "insertTime": stamp(operation.inserted),
        "selfLink": f"{HOST}projects/{project}/global/operations/{operation.name}",
    }
    if state != "PENDING":
        shown["startTime"] = stamp(operation.begins)
    if operation.request_id:
        shown["clientOperationId"] = operation.request_id
    if state == "DONE":
        shown["endTime"] = stamp(operation.ends)
        if operation.errors:
            shown["error"] = {"errors": [{"code": c, "message": m} for c, m in operation.errors]}
            shown["httpErrorStatusCode"] = operation.status
            shown["httpErrorMessage"] = PHRASES[operation.status]
    return shown


def _found(call: Call) -> Operation:
    name = call.params["operation"]
    for operation in call.project.compute.operations.values():
        if name in (operation.name, operation.id):
            return operation
    message = f"The resource 'projects/{call.project.id}/global/operations/{name}' was not found"
    raise Refusal(404, "notFound", message)


def _get(call: Call) -> Answer:
    """Answer an operation as it stands. Waiting is on a best-effort basis and may end after zero seconds."""
    return Answer(view(call, _found(call)))


def _list(call: Call) -> Answer:
    shown = [view(call, each) for each in call.project.compute.operations.values()]
    return listed(call, "compute#operationList", "operations", shown)


def _delete(call: Call) -> Answer:
    operation = _found(call)
    if operation.state(call.now) != "DONE":
        raise not_ready(f"projects/{call.project.id}/global/operations/{operation.name}")
    del call.project.compute.operations[operation.name]
    return Answer(None, 204)


ROUTES: tuple[Route, ...] = (
    Route(COMPUTE, "GET", PATH, _list, ("compute.globalOperations.list",), read=True),
    Route(COMPUTE, "GET", f"{PATH}/{{operation}}", _get, ("compute.globalOperations.get",), read=True),
    Route(COMPUTE, "POST", f"{PATH}/{{operation}}/wait", _get, ("compute.globalOperations.get",), read=True),
    Route(COMPUTE, "DELETE", f"{PATH}/{{operation}}", _delete, ("compute.globalOperations.delete",)),
)
