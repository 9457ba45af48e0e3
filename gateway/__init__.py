"""How other programs ask: AuthZEN 1.0 and forward-auth, before the one decision."""
