"""What is not known of Compute Engine, and what its documents leave open."""

from __future__ import annotations

from providers.sandbox.contract import Switch

UNFINISHED = Switch(
    "google.unfinished-resources",
    ("hidden", "shown"),
    "hidden",
    "unknown: docs, 'Handling API responses', ask to wait for the operation and say no more",
    "Is a resource there while the operation that creates it still runs?",
)
IN_USE = Switch(
    "google.in-use-refusal",
    ("at-once", "operation"),
    "at-once",
    "reports show HTTP 400 resourceInUseByAnotherResource; Terraform looks for it in operations too",
    "A deletion of what another resource uses: refused at once, or does its operation end in the error?",
)
QUOTA = Switch(
    "google.quota-refusal",
    ("at-once", "operation"),
    "at-once",
    "reports show HTTP 403 quotaExceeded, and QUOTA_EXCEEDED in operations",
    "A creation beyond a quota: refused at once, or does its operation end in the error?",
)
NO_FINGERPRINT = Switch(
    "google.patch-without-fingerprint",
    ("refused", "accepted"),
    "refused",
    "docs: an up-to-date fingerprint must be provided, else 412; reports have 400 where a PUT lacks it",
    "Is a patch without the fingerprint refused?",
)
BALANCING = Switch(
    "google.internet-backend-mode",
    ("refused", "accepted"),
    "refused",
    "docs: no balancing mode with internet endpoint groups; Terraform's default is to send UTILIZATION",
    "May the backend of an internet endpoint group name a balancing mode?",
)
BACKEND_ANSWER = Switch(
    "google.internet-backend-answer",
    ("bare", "filled"),
    "bare",
    "unknown: for other groups balancingMode and capacityScaler are answered though they were not sent",
    "Is the backend of an internet endpoint group answered with a balancing mode and a capacity?",
)
LABELS = Switch(
    "google.labels-at-creation",
    ("ignored", "kept"),
    "ignored",
    "docs: labels can only be added by setLabels; Terraform sets them by a second call",
    "Are labels kept that come with a new address or forwarding rule?",
)
GROUP_RIGHTS = Switch(
    "google.endpoint-group-permissions",
    ("networkEndpointGroups", "globalNetworkEndpointGroups"),
    "networkEndpointGroups",
    "unknown: IAM has both families; public least-privilege roles name the former",
    "By which permissions are global network endpoint groups judged?",
)
SWITCHES = (UNFINISHED, IN_USE, QUOTA, NO_FINGERPRINT, BALANCING, BACKEND_ANSWER, LABELS, GROUP_RIGHTS)
