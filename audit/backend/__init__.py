"""The gate in the database: no governed write outside an act."""
