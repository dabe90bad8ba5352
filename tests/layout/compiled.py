# SPDX-License-Identifier: Apache-2.0
"""What an entry of compile_commands.json compiles."""
import pathlib
import re


def sources_of(entry):
    """Its file, or those that CMake's unity file includes in its place."""
    path = pathlib.Path(entry["directory"], entry["file"]).resolve()
    if not re.fullmatch(r"unity_\d+_cxx\.cxx", path.name):
        return [path]
    return [path.parent / name for name in re.findall(r'#include "(.+)"', path.read_text())]
