"""REST of what gateways ask by."""
