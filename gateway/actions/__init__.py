"""Writing down what gateways need; each entry is added and removed, so that its past is plain."""
