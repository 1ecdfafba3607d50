"""The addresses of an interface as a whole: in which order they are, and whose they are."""
