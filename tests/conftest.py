"""Nothing that is set up on this machine may change what tests see."""

from __future__ import annotations

import os

os.environ["ACW_CONFIG"] = "none"
