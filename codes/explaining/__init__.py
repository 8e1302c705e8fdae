"""Everything about one person, told line by line: for whoever answers the citizen or looks into a decision."""

from codes.explaining.person import explained

__all__ = ["explained"]
