"""People and what they may do: users, tokens, roles."""
