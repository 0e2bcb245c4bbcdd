"""Nothing that is set up on this machine may change what tests see, nor how busy it is."""

from __future__ import annotations

import os

from hypothesis import settings

os.environ["ACW_CONFIG"] = "none"
settings.register_profile("any machine", deadline=None)  # speed is measured in bench/, side by side
settings.load_profile("any machine")
