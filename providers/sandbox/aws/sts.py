"""STS: who am I, and temporary keys of a role.

docs: AWS Security Token Service API Reference, GetCallerIdentity and AssumeRole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .call import Answer, Call, Handler, Refusal

_ROLE = re.compile(r"arn:aws:iam::(\d{12}):role/(?:.*/)?([\w+=,.@-]+)")
DEFAULT_S = 3600


def _caller_identity(call: Call) -> Answer:
    return Answer({"UserId": call.caller.user_id, "Account": call.account.number, "Arn": call.caller.arn})


def _assume_role(call: Call) -> Answer:
    """Give keys of a role; they end by the caller's own clock, which need not be the sandbox's."""
    wanted = str(call.params["RoleArn"])
    found = _ROLE.fullmatch(wanted)
    account = call.account.accounts.all.get(found[1]) if found else None
    role = found[2] if found else ""
    if account is None or role not in account.roles:
        raise _denied(call, wanted)
    external_id = account.roles[role]
    if external_id and call.params.get("ExternalId") != external_id:
        raise _denied(call, wanted)
    expires = call.signed_at + call.params.get("DurationSeconds", DEFAULT_S)
    key = account.accounts.temporary(account, role, str(call.params["RoleSessionName"]), expires)
    credentials = {
        "AccessKeyId": key.id,
        "SecretAccessKey": key.secret,
        "SessionToken": key.token,
        "Expiration": expires,
    }
    user = {"AssumedRoleId": key.caller.user_id, "Arn": key.caller.arn}
    return Answer({"Credentials": credentials, "AssumedRoleUser": user})


def _denied(call: Call, role: str) -> Refusal:
    message = f"User: {call.caller.arn} is not authorized to perform: sts:AssumeRole on resource: {role}"
    return Refusal(403, "AccessDenied", message)


HANDLERS: Mapping[str, Handler] = {"GetCallerIdentity": _caller_identity, "AssumeRole": _assume_role}
