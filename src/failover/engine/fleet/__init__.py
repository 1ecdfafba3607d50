"""All virtual routers of an engine: which there are, what their interfaces do, and what a reload changes."""
