"""Findings: what the measurements say of a space, each as figures and one sentence."""

from __future__ import annotations

from lexiscope.findings.finding import Finding, as_points, plain, too_few

__all__ = ["Finding", "as_points", "plain", "too_few"]
