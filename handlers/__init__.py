"""HTTP, and nothing else: routes, keys, bodies, answers."""
