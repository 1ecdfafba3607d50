"""Signs advertisements, and checks the signatures of those that arrive: what the core does not do by itself."""
