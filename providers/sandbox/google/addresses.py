"""The addresses that Google gives load balancers here: all served by the edge from the start."""

EDGE_ADDRESSES = tuple(f"198.51.100.{last}" for last in range(80, 88))
