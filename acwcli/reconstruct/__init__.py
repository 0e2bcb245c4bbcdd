"""State events and contact records → wraps, by the numbered rules of docs/rules.md."""
