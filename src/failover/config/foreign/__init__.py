"""What people bring along from other programs and formats, and what to write here. Imported for a wrong file only."""
