"""Findings: what the measurements say of a space, each as figures and one sentence."""

from __future__ import annotations

from lexiscope.findings.finding import Finding, as_points, plain, too_few
from lexiscope.findings.kinds import KINDS, MEASURES, measure, takes
from lexiscope.findings.token_groups import plain_name
from lexiscope.findings.word_lists import read_list

__all__ = [
    "KINDS",
    "MEASURES",
    "Finding",
    "as_points",
    "measure",
    "plain",
    "plain_name",
    "read_list",
    "takes",
    "too_few",
]
