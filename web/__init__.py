"""Web kit: what every edge stands on, whatever app it belongs to. Knows Django, and no app of ours."""
