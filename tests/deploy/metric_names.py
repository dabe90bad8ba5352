# SPDX-License-Identifier: Apache-2.0
"""Which metrics there are, read where they are made, and which ones an expression uses."""
import re


OPERATORS = {"and", "or", "unless", "bool", "offset"}


def known(root):
    """Names of controller/api/metrics.cpp, and of the signals that a probe gives."""
    made = re.findall(r'"((?:homeostat|process)_[a-z_]+[a-z])"',
                      (root / "controller/api/metrics.cpp").read_text())
    table = (root / "controller/cli/vocabulary.cpp").read_text()
    rows = re.findall(r'\{"([a-z0-9_]+)",\s*SignalShape::.*?Source::(\w+)', table, re.DOTALL)
    signals = {f"homeostat_{name}" for name, source in rows if source != "later"}
    return set(made) | signals


def used(expression):
    """Metric names in a PromQL expression: words that are no label, function or operator."""
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", bare)
    return set(re.findall(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()", bare)) - OPERATORS
