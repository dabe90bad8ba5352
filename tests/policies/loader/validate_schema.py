#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lets an independent JSON Schema validator judge what the loader's schemas say.

usage: validate_schema.py DUMP_PROGRAM
"""
import json
import subprocess
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    sys.exit("python3-jsonschema is missing (apt-get install python3-jsonschema)")


def main() -> int:
    output = subprocess.run([sys.argv[1]], check=True, stdout=subprocess.PIPE).stdout
    dump = json.loads(output)
    validators = {}
    for name, schema in dump["schemas"].items():
        Draft202012Validator.check_schema(schema)
        validators[name] = Draft202012Validator(schema)
    wrong = 0
    for entry in dump["documents"]:
        errors = list(validators[entry["schema"]].iter_errors(entry["document"]))
        if bool(errors) == entry["valid"]:
            wrong += 1
            expected = "valid" if entry["valid"] else "refused"
            print(f"{entry['schema']} '{entry['name']}': expected {expected}", *errors, sep="\n  ")
    valid = sum(entry["valid"] for entry in dump["documents"])
    refused = len(dump["documents"]) - valid
    print(f"{dump['shipped']} shipped files, {valid} valid and {refused} refused documents")
    if dump["shipped"] < 4 or valid < 8 or refused < 20:
        print("too few documents: the dump is broken")
        wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
