"""Wraps into figures: one file per question, every figure exact and independent of row order."""
