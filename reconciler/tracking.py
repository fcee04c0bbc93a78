"""The kinds of the sparkpost part: what switches at its own time is a resource of its own.

kind                     key                   attributes
tracking_domain          HOST                  domain, subaccount, verified (always true when desired)
tracking_domain_secure   HOST                  secure (always true when desired)
tracking_domain_default  HOST                  default
tracking_domain_link     SENDING_DOMAIN        tracking_domain, subaccount
managed_certificate      HOST                  domain, enabled

`verified` is not written: SparkPost's verify is asked at the gates. `secure` is not written for a
managed host: SparkPost sets it when the certificate is valid.
"""

from __future__ import annotations

TRACKING_DOMAIN = "tracking_domain"
SECURE = "tracking_domain_secure"
DEFAULT = "tracking_domain_default"
LINK = "tracking_domain_link"
MANAGED_CERTIFICATE = "managed_certificate"

KINDS = (TRACKING_DOMAIN, SECURE, DEFAULT, LINK, MANAGED_CERTIFICATE)
