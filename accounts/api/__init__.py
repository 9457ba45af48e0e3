"""REST of people, access and keys; THE decision as a question; the token endpoint."""
