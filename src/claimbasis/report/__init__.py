"""Predictions for people and for machines: pages, a table, rows, frames."""
