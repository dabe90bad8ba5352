#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the links of the PostgreSQL packages that npm has unpacked, which can hold none themselves.

Usage: links.py FOLDER

Each package FOLDER/node_modules/postgresql-N lists its links (the short names of its libraries) in
native/pg-symlinks.json. Its own script would make them too; this way npm runs no script of a
package, and no link leads out of it. Then FOLDER/N is the package's bin, lib and share.
"""
import json
import pathlib
import sys


def inside(package, name):
    """A path of the package's list; refused when it lies, or leads, outside of the package."""
    path = package / name
    if not path.resolve().is_relative_to(package.resolve()):
        raise ValueError(f"{package.name}: {name} is outside of the package")
    return path


def link(package):
    for entry in json.loads((package / "native/pg-symlinks.json").read_text()):
        target = inside(package, entry["target"])
        target.parent.mkdir(parents=True, exist_ok=True)
        up = "../" * (len(target.relative_to(package).parts) - 1)
        target.symlink_to(up + str(inside(package, entry["source"]).relative_to(package)))


def main(folder):
    packages = sorted(folder.glob("node_modules/postgresql-*"))
    for package in packages:
        link(package)
        version = package.name.removeprefix("postgresql-")
        (folder / version).symlink_to(pathlib.Path("node_modules", package.name, "native"))
    return 0 if packages else f"no PostgreSQL in {folder}"


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
