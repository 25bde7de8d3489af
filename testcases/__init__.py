"""The OCA test cases."""
