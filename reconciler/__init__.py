"""The tracking-domain reconciler: desired state, plan, apply."""

VERSION = "0.1.0"
"""Of the distribution too: the build reads it here, so that no start has to look for what is installed."""
