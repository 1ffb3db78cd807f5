"""What can be done with the files of a server. Blocking: everything here works on a held ``Root``."""
