"""The commands, each in the module that has its name. What several of them share is beside this folder."""
