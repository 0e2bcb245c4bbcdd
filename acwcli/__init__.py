"""Rebuild every wrap-up interval from contact-centre exports and tell who is over, why, and how sure one may be."""

__version__ = "0.1.0"
