"""The rules between settings: of one virtual router, and of several."""
