"""One technology per module, behind the ports of `transfer`. Holds no rules."""
