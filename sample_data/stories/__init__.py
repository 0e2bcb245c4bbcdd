"""The invented stories behind sample_data/."""
