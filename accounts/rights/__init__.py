"""Who may do what with which server: verbs, roles, grants, and the table of what each address needs."""
