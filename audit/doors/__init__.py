"""What every door shares: adapters that translate in, call one action, translate out."""
