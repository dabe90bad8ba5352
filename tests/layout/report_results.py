#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tells from CTest's JUnit file how many tests ran, and which were skipped and why.

Fails when the file is missing, when no test ran, or when one failed.
"""
import sys
import xml.etree.ElementTree as ElementTree


def reason_of(case):
    """What a skipped test gave as its reason: its own line `SKIPPED: …`, or CTest's message."""
    for line in (case.findtext("system-out") or "").splitlines():
        if "SKIPPED:" in line:
            return line.split("SKIPPED:", 1)[1].strip()
    skipped = case.find("skipped")
    message = skipped.get("message", "") if skipped is not None else ""
    return message or "no reason given"


def report(path):
    try:
        cases = ElementTree.parse(path).getroot().findall("testcase")
    except (OSError, ElementTree.ParseError) as error:
        print(f"no test results: {error}")
        return 1
    failed = [c for c in cases if c.find("failure") is not None or c.get("status") == "fail"]
    skipped = [
        c for c in cases if c not in failed and c.get("status") in ("notrun", "disabled")
    ]
    ran = len(cases) - len(skipped)
    print(f"{ran} tests ran, {ran - len(failed)} passed, {len(failed)} failed, "
          f"{len(skipped)} skipped")
    for case in failed:
        print(f"failed: {case.get('name')}")
    for case in skipped:
        print(f"skipped: {case.get('name')}: {reason_of(case)}")
    if not ran:
        print("no test ran")
    return 1 if failed or not ran else 0


if __name__ == "__main__":
    sys.exit(report(sys.argv[1]))
