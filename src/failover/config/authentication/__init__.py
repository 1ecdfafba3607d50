"""The setting `authentication`: what it may say, and the files with passwords that it names."""
