"""What nobody has verified of Certificate Manager and of classic certificates."""

from __future__ import annotations

from providers.sandbox.contract import Switch

VISIBLE = Switch(
    "google.certificate-manager-visible",
    ("at-once", "when-done"),
    "at-once",
    "unknown: recordings read what they create only after its operation was done",
    "Is what is created there before its operation is done, and what is deleted gone?",
)
ENTRY_STATE = Switch(
    "google.map-entry-state",
    ("with-certificates", "by-itself"),
    "with-certificates",
    "unknown: the reference says only that PENDING is an update in progress, which some frontends may serve",
    "Is a map entry PENDING as long as a certificate of its is not active?",
)
REFERENCES = Switch(
    "google.certificate-references",
    ("project-number", "project-id"),
    "project-number",
    "Terraform's provider takes a project's number for its id in these members; recordings hide which it is",
    "Do references to certificates and DNS authorizations come back with the project's number or its id?",
)
SECOND_AUTHORIZATION = Switch(
    "google.second-dns-authorization",
    ("accepted", "refused"),
    "accepted",
    "unknown: docs say only that one authorization covers one domain name",
    "May a project have two fixed DNS authorizations for one domain?",
)
GIVES_UP = Switch(
    "google.certificate-gives-up",
    ("after-three-days", "after-a-day", "never"),
    "after-three-days",
    "unknown: docs say that Google gives up after several attempts, not when",
    "When is a certificate that DNS does not prove FAILED (classic: PROVISIONING_FAILED_PERMANENTLY)?",
)
AUTHORITIES = Switch(
    "google.certificate-authorities",
    ("pki.goog", "pki.goog-or-letsencrypt.org"),
    "pki.goog",
    "docs name pki.goog, and for App Engine and older load balancers Let's Encrypt beside it",
    "Which authorities may CAA allow for a certificate that Google manages?",
)
SERVING_LAG = Switch(
    "google.certificate-serving-lag",
    ("minutes", "half-an-hour", "none"),
    "minutes",
    'docs, Troubleshoot SSL certificates: "an additional 30 minutes to be available"; the guide: a few',
    "How long after it is active does the load balancer serve a classic managed certificate?",
)


DAY_S = 86_400.0
GIVES_UP_S = {"after-three-days": 3 * DAY_S, "after-a-day": DAY_S, "never": None}
AUTHORITY_NAMES = {
    "pki.goog": ("pki.goog",),
    "pki.goog-or-letsencrypt.org": ("pki.goog", "letsencrypt.org"),
}
SERVING_LAG_S = {"minutes": 300.0, "half-an-hour": 1800.0, "none": 0.0}
