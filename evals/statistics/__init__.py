"""Pure functions over paired scores: intervals, tests, flips, slopes."""
