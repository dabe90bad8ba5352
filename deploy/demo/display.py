# SPDX-License-Identifier: Apache-2.0
"""The terminal: one line a second, and a line for whatever happens in between."""
import math
import sys

COLUMNS = ("  time  phase     blocked/open  ratio (limit)  cusum/trip  state      rung"
           "  admitted                    listeners        p99")
EVENTS = "    events/s    lag  window"
HEADING_EVERY = 20
COLOURS = {"closed": "32", "half_open": "33", "open": "31"}


def milliseconds(seconds):
    if math.isnan(seconds):
        return "–"
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"


def number(value, digits=2):
    return "–" if value is None else f"{value:.{digits}f}"


def share(value):
    return "–" if value is None else f"{value:.0%}"


class Display:
    def __init__(self, out=sys.stdout):
        self.out = out
        self.colour = out.isatty()
        self.lines = 0

    def say(self, text=""):
        print(text, file=self.out, flush=True)

    def event(self, at, text):
        self.say(f"{at:5.1f}s  {self._paint('36', '»')} {text}")

    def _paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def row(self, at, phase, view, listeners, events=None, window_ms=None):
        """`events`: events.Reading, and the window that its consumer obeys; None: no pipeline."""
        if self.lines % HEADING_EVERY == 0:
            self.say(COLUMNS + (EVENTS if events else ""))
        self.lines += 1
        if view.quality == "absent":
            measured = "absent"
        else:
            measured = f"{view.blocked:.0f}/{view.open:.0f}"
        admitted = ", ".join(f"{what} {share(admit)}"
                             for what, admit in sorted(view.shed().items())) or "everything"
        state = self._paint(COLOURS.get(view.state, "0"), f"{view.state:<9}")
        given_up = f", {listeners.given_up} gave up" if listeners.given_up else ""
        ratio = f"{number(view.ratio)} ({number(view.ref)})"
        cusum = f"{number(view.cusum)}/{number(view.trip, 0)}"
        self.say(f"{at:5.1f}s  {phase:<8}  {measured:>12}  {ratio:<13}  {cusum:<10}  {state}  "
                 f"{view.rung}/{view.rungs}   {admitted:<27} {listeners.per_second:4.0f} tx/s"
                 f"  {milliseconds(listeners.p99):>9}{self._events(events, window_ms)}{given_up}")

    @staticmethod
    def _events(events, window_ms):
        if events is None:
            return ""
        window = "–" if window_ms is None else f"{window_ms:.3g} ms"
        return f"  {number(events.per_second, 0):>8}  {number(events.lag, 0):>5}  {window:>8}"
