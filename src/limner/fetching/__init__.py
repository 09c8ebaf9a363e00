"""Fetches pictures that links lead to."""
