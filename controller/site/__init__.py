"""The policy of one mission, read from files: a site is either whole and safe, or refused with every reason at once."""
