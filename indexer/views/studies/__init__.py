"""The pages of studies: the lists, asking a new one, progress and answers."""
