"""The page: where its parts stand, and what each of their events calls."""

from web.page.build import build_page, launch_options

__all__ = ["build_page", "launch_options"]
