"""JSON as a grid."""

from acwcli.formats.plain import Plain
from acwcli.formats.grid_data import Grid


def is_json(plain: Plain) -> bool:
    return False


def read_json(plain: Plain) -> Grid:
    raise NotImplementedError
