"""How good predictions are, and how far their scores can be believed."""
