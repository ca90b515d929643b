"""Starts one module of this application in the jail (`tools.run_module`): one that parses uploaded files.

Usage: ``python -I -S jailed.py PACKAGE PACKAGES MODULE ARGUMENT …``: PACKAGE is the application's folder, PACKAGES are
those where other packages are installed. The module's ``main`` is called with the arguments.
"""

import importlib
import os
import sys
import types

if __name__ == "__main__":
    # The folder above the application must not be readable: it may contain uploaded files.
    package = types.ModuleType("academy")
    package.__path__ = [sys.argv[1]]
    sys.modules["academy"] = package
    # Without `site`: it would import other installed packages, which takes as long as the work.
    sys.path.extend(sys.argv[2].split(os.pathsep))
    importlib.import_module(sys.argv[3]).main(sys.argv[4:])
