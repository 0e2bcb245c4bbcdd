"""Names, types and the neutral table that analyses produce and renderers take; knows nothing above it."""
