"""The tracking-domain reconciler: desired state, plan, apply."""
