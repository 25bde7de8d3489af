"""pytester runs pytest inside a test: the kit is a pytest plugin."""

pytest_plugins = ["pytester"]
