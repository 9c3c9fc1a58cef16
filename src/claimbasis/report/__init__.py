"""Predictions for people and for machines: a table, rows, frames."""
