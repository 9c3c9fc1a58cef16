"""Runs a model folder: no torch, no network."""
