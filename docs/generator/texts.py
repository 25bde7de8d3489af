"""Pages that are files of the top folder."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def changelog() -> str:
    """Give CHANGELOG.md."""
    return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def contributing() -> str:
    """Give CONTRIBUTING.md."""
    return (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def results() -> str:
    """Give the detection table, every row, as published."""
    return (ROOT / "reports" / "selftest" / "README.md").read_text(encoding="utf-8")
