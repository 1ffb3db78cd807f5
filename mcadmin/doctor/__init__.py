"""What can be wrong with an installation: one check a function, each with a sentence and advice."""
