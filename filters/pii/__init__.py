"""Personal data and secrets in texts: found, masked, and the record filter `pii`."""

from limbeck.filters.pii.find import find_pii
from limbeck.filters.pii.found import KINDS, Found, Kind
from limbeck.filters.pii.mask import masked
from limbeck.filters.pii.record_filter import Pii

__all__ = ["KINDS", "Found", "Kind", "Pii", "find_pii", "masked"]
