"""The page as a person meets it: a real server, a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_opens_without_complaint(page: Page, served: str):
    page.goto(served)
    assert page.title().startswith("Lexiscope")


def test_is_open_to_all(page: Page, served: str, axe: Callable[[Page], list[str]]):
    page.goto(served)
    assert axe(page) == []
