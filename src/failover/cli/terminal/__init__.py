"""What people see on a terminal: a table that fits its width, sentences below it, and a screen that is drawn again."""
