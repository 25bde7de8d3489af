"""pytester runs pytest inside a test: the kit is a pytest plugin."""

import os
import sys

pytest_plugins = ["pytester"]


def pytest_runtest_setup():
    """Empty the caches of the protocol under mutmut: it has to see which tests need a function behind a cache."""
    if "MUTANT_UNDER_TEST" not in os.environ:
        return
    for name, module in list(sys.modules.items()):
        for function in list(vars(module).values()) if name.startswith("ocpp_tck.protocol") else ():
            if hasattr(function, "cache_clear"):
                function.cache_clear()
