"""HTTP: the edge that every request passes, and one file of routes per noun."""
