"""What Cloudflare does where its documents are silent or disagree: named, with two settings or more.

The first setting is the default. `source` says where the doubt comes from.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unknown:
    """One open question about the vendor."""

    name: str
    settings: tuple[str, ...]
    question: str
    source: str


UNKNOWNS = (
    Unknown(
        "cloudflare.edge-ttl-below-minimum",
        ("refused", "raised"),
        "A cache rule asks for less than the plan's least edge TTL: refused, or stored and raised?",
        "docs: Edge Cache TTL gives the minimum by plan, not what the API says below it",
    ),
    Unknown(
        "cloudflare.rule-patch",
        ("replaces", "merges"),
        "Does PATCH of a rule take the body as the whole new rule, or change only the named members?",
        "public reports: a partial PATCH is refused with 20125; the API reference has all optional",
    ),
    Unknown(
        "cloudflare.empty-ruleset",
        ("lists_rules", "omits_rules"),
        "Does a ruleset without rules have `rules: []` or no `rules` at all?",
        "the SDK's type requires rules; not tried on a live account",
    ),
    Unknown(
        "cloudflare.identical-record",
        ("81058", "81057"),
        "Code for a record that is there already with the same name, type and content.",
        "81058 in recordings of 2025, 81057 ('The record already exists.') in older reports",
    ),
    Unknown(
        "cloudflare.dns-errors",
        ("plain", "chain"),
        "DNS validation: the cause as the error itself, or 1004 'DNS Validation Error' with error_chain?",
        "both forms are in issue reports of 2022 to 2025",
    ),
    Unknown(
        "cloudflare.stale-batch-id",
        ("404", "400"),
        "HTTP status of a batch that names a record which is gone (code 81044).",
        "docs: Batch record changes, silent on status",
    ),
    Unknown(
        "cloudflare.txt-quotes",
        ("as_sent", "added"),
        "Is TXT content sent without quotation marks stored as sent, or with quotation marks added?",
        "recordings of 2025 store as sent; docs: TXT record says quotation marks may be added",
    ),
    Unknown(
        "cloudflare.zones-page-limit",
        ("refused", "accepted"),
        "GET /zones with per_page above the documented 50: refused, or served?",
        "docs: maximum 50; a recording of 2025 was served with per_page=100",
    ),
    Unknown(
        "cloudflare.server-header",
        ("overwritten", "passed"),
        "Does the edge replace the origin's Server header?",
        "docs: silent for proxied traffic; not tried on a live account",
    ),
    Unknown(
        "cloudflare.sparkpost-on-cloudflare",
        ("no", "yes"),
        "Is spgo.io itself proxied by another Cloudflare account (a proxied CNAME to it is error 1014)?",
        "docs: Error 1014; whose CDN serves the SparkPost endpoints is not published",
    ),
    Unknown(
        "cloudflare.strict-accepts-target",
        ("no", "yes"),
        "Strict: does a certificate for the CNAME target satisfy it, or only one for the visitor's host?",
        "docs: Full (strict) says 'requested or target hostname'",
    ),
    Unknown(
        "cloudflare.activation",
        ("soon", "on_check_only"),
        "Does a delegated pending zone turn active by itself, or only when a check is asked for?",
        "docs: Zone status describes automatic checks with growing gaps",
    ),
    Unknown(
        "cloudflare.custom-origin-server",
        ("all-plans", "enterprise"),
        "May a zone below Enterprise give a custom hostname an origin server of its own (else 1414)?",
        "docs: the plans table has it on all plans, Get started says Enterprise",
    ),
    Unknown(
        "cloudflare.dcv-delegation-records",
        ("listed", "pending", "left-out"),
        "Does a custom hostname list where its validation is delegated: always, while not validated, never?",
        "the SDK's type has ssl.dcv_delegation_records; docs tell of the dashboard only",
    ),
    Unknown(
        "cloudflare.validation-records",
        ("later", "at-once"),
        "Are the validation records of a new custom hostname in the first answer, or some seconds later?",
        "public clients ask again until they are there; the API reference shows them in every answer",
    ),
    Unknown(
        "cloudflare.ownership-when-active",
        ("left-out", "listed"),
        "Does an active custom hostname still list its ownership verification?",
        "docs: Pre-validation shows it while pending; not told after that",
    ),
    Unknown(
        "cloudflare.token-for-proxied-host",
        ("refused", "accepted"),
        "Does the ownership TXT activate a hostname that another zone of Cloudflare proxies now?",
        "public report of 2026 with Cloudflare's error text; docs: Pre-validation names no such limit",
    ),
    Unknown(
        "cloudflare.custom-hostname-codes",
        ("200", "201-202"),
        "HTTP status of a custom hostname that was created or edited.",
        "the API reference has 200 only; docs: Status codes has 201 Created and 202 Accepted",
    ),
    Unknown(
        "cloudflare.custom-hostname-delete",
        ("bare", "envelope"),
        "Is a deletion of a custom hostname answered with its id alone, or within the usual envelope?",
        "the API reference and the SDK's type have the id alone, as for nothing else",
    ),
    Unknown(
        "cloudflare.no-fallback-origin",
        ("404", "null"),
        "What is answered for the fallback origin of a zone that has none?",
        "unknown: the API reference has no such answer",
    ),
    Unknown(
        "cloudflare.certificate-limit",
        ("retry-after", "bare"),
        "Does the refusal of a sixteenth certificate in a minute say how long to wait?",
        "docs: Troubleshooting has the limit and the 30 seconds, not the answer",
    ),
    Unknown(
        "cloudflare.ssl-settings-patch",
        ("kept", "reset"),
        "A custom hostname is edited without ssl.settings: are they kept?",
        "unknown: docs: Edit custom hostname is silent on what is left out",
    ),
    Unknown(
        "cloudflare.edit-redeploys",
        ("no", "for-ten-seconds"),
        "Is an active custom hostname active_redeploying for a while after an edit?",
        "docs: Validation status names the status; when it is shown is not told",
    ),
    Unknown(
        "cloudflare.certificate-authority-choice",
        ("enterprise", "all-plans"),
        "May a zone below Enterprise choose the authority of a custom hostname's certificate?",
        "docs: the plans table; the code of the refusal is not documented",
    ),
    Unknown(
        "cloudflare.hostname-is-zone",
        ("edge-403", "refused"),
        "A custom hostname with the zone's own name: refused, or made and answered 403 by the edge?",
        "docs: Troubleshooting 'Custom hostname matches zone name (403 Forbidden)'",
    ),
)
DEFAULTS = {unknown.name: unknown.settings[0] for unknown in UNKNOWNS}
