"""SparkPost on loopback: both regions' APIs, the tracking origins, DNS and managed certificates."""

from providers.sandbox.sparkpost.vendor import Emulator

EMULATOR = Emulator()
