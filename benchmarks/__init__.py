"""Measures of tdr against its limits: see README.md. Not part of the wheel, and never a test."""
