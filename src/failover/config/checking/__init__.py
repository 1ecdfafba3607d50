"""What checks one object of the file are made of: values, problems, drafts. Nothing here knows a setting's name."""
