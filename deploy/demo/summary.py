# SPDX-License-Identifier: Apache-2.0
"""What came of one storm: the figures, and whether the loop closed."""
import dataclasses

from display import milliseconds, share
from supervisor import ALERT, SPEED_UP
from workload import latency

SETTLE = 2.0  # seconds left out after a change, in which what was under way runs out
HELPED = 0.5  # shedding helped when at most this part of the storm's harm was left


def forward(acts):
    """The applied acts that took more away; the others of kind apply give back in steps."""
    standing, found = {}, []
    for act in acts:
        _, kind, outcome, target, admit, _ = act
        if outcome != "applied":
            continue
        if kind == "apply" and admit < standing.get(target, 1.0):
            found.append(act)
        standing[target] = admit if kind == "apply" else 1.0
    return found


@dataclasses.dataclass
class Facts:
    """Gathered by the demo; times are seconds since the epoch."""
    calm: float  # the workload runs evenly from here
    storm: float
    cause_over: float
    end: float
    log: object  # workload.LogReader
    decisions: list  # (time, verdict), oldest first
    acts: list  # (time, kind, outcome, target, admit, reason), oldest first
    profile_acts: list  # of the planner profile: (time, kind, outcome), oldest first
    role_settings: list  # left on the managed role at the end
    effects: list
    events: object  # events.Facts; None: no pipeline here
    notifications: list  # (time, status, alert); None: no Alertmanager here
    closed: bool  # the last state of every policy was closed
    open_ledger_rows: int
    refused_keys: dict  # feature -> of 1,000 keys
    exit_status: int  # of Homeostat, after SIGTERM


class Summary:
    def __init__(self, facts):
        self.facts = facts
        acts = [a for a in facts.acts if a[2] == "applied"]
        self.made = forward(facts.acts)
        self.steps_back = len([a for a in acts if a[1] == "apply"]) - len(self.made)
        self.reverted = [a for a in acts if a[1] == "revert"]
        self.detected = self._first(t for t, v in facts.decisions
                                    if v["step"] == "opened" and t >= facts.storm)
        self.acted = self._first(a[0] for a in self.made)
        self.shed = self._first(a[0] for a in self.made if a[3] == "class/batch" and a[4] == 0)
        # The jobs are back from the first act that lets more of them in.
        self.readmitted = self._first(
            a[0] for a in acts if self.shed and a[0] > self.shed and a[3] == "class/batch"
            and (a[1] == "revert" or a[4]))
        closings = [t for t, v in facts.decisions if v["step"] == "closed"]
        self.closed_at = closings[-1] if closings else None
        self.highest_rung = max((v["rung"] for _, v in facts.decisions), default=0)
        self.reopenings = sum(v["step"] == "reopened" for _, v in facts.decisions)

    def _of_profile(self, kind):
        return self._first(t for t, k, outcome in self.facts.profile_acts
                           if k == kind and outcome == "applied" and t >= self.facts.storm)

    @staticmethod
    def _first(times):
        return next(iter(times), None)

    def phases(self):
        """(name, start, end) of the spans in which the listeners' transactions are compared."""
        facts = self.facts
        spans = [("before", facts.calm, facts.storm),
                 ("storm, not yet shed", facts.storm + SETTLE / 4,
                  self.shed or facts.cause_over),
                 # Only while the cause lasts: what gets better afterwards got better by itself.
                 ("shed", self.shed and self.shed + SETTLE,
                  min(self.readmitted or facts.cause_over, facts.cause_over)),
                 ("after", self.closed_at and self.closed_at + SETTLE, facts.end)]
        return [(name, start, end) for name, start, end in spans if start and end and end > start]

    def latencies(self):
        return {name: latency(self.facts.log.between(start, end), end - start)
                for name, start, end in self.phases()}

    def failures(self):
        """Why the loop did not close, one line each; empty when it did."""
        facts, found = self.facts, []
        if self.detected is None:
            found.append("the breaker never opened")
        if not self.made:
            found.append("no rung was climbed: nothing was shed")
        elif self.shed is None:
            found.append("the jobs behind the storm (class/batch) were never shed")
        if not facts.closed:
            found.append("a breaker is still not closed")
        if not self._of_profile("apply"):
            found.append("the planner profile was never set")
        elif not self._of_profile("revert"):
            found.append("the planner profile was never given back")
        if facts.role_settings:
            found.append(f"left on the managed role: {', '.join(facts.role_settings)}")
        if facts.open_ledger_rows:
            found.append(f"{facts.open_ledger_rows} levers are still open in the ledger")
        unreverted = {a[3] for a in self.made} - {a[3] for a in self.reverted}
        if unreverted:
            found.append(f"never reverted: {', '.join(sorted(unreverted))}")
        refusing = [name for name, count in facts.refused_keys.items() if count]
        if refusing:
            found.append(f"homeostat.allowed() still refuses: {', '.join(sorted(refusing))}")
        speeds = self.latencies()
        storm, after = speeds.get("storm, not yet shed"), speeds.get("after")
        if storm is None or storm.given_up == 0:
            found.append("there was no storm: no listener gave up")
        if after is None or not after.count:
            found.append("no transaction was seen after the storm")
        elif storm is not None and not after.p99 < storm.p99:
            found.append("the listeners' transactions did not recover")
        if storm is not None and self.shed is not None:
            found += self._shortfalls(storm, speeds.get("shed"))
        if facts.notifications is not None:
            for status in ("firing", "resolved"):
                if not any(s == status and name == ALERT for _, s, name in facts.notifications):
                    found.append(f"Alertmanager never told of {ALERT} {status}")
        if facts.events is not None:
            found += facts.events.failures()
        if facts.exit_status != 0:
            found.append(f"Homeostat ended with status {facts.exit_status}")
        return found

    @staticmethod
    def _shortfalls(storm, shed):
        """Why it cannot be said that shedding helped: while the cause lasted, the listeners were
        not clearly better off than before it was shed."""
        if shed is None or not shed.count:
            return ["no transaction was seen while the cause was shed: did that help?"]
        found = []
        if shed.given_up_share > storm.given_up_share * HELPED:
            found.append(f"shedding did not help: {share(shed.given_up_share)} of the listeners "
                         f"gave up, {share(storm.given_up_share)} before it")
        if not shed.p99 <= storm.p99 * HELPED:
            found.append(f"shedding did not help: p99 {milliseconds(shed.p99)}, "
                         f"{milliseconds(storm.p99)} before it")
        return found

    def _after_storm(self, time):
        return "never" if time is None else f"{time - self.facts.storm:.1f} s after it began"

    def lines(self):
        facts = self.facts
        yield (f"Summary (every duration of the policies is divided by {SPEED_UP} here; "
               f"at normal speed this takes {SPEED_UP} times as long)")
        yield f"  storm            {facts.cause_over - facts.storm:.0f} s of jobs that hold hot rows"
        # The journal is written at the end of a step, the act in the middle of it.
        detected = min((t for t in (self.detected, self.acted) if t), default=None)
        yield f"  detected         {self._after_storm(detected)}"
        yield (f"  planner profile  set {self._after_storm(self._of_profile('apply'))}, given back "
               f"{self._after_storm(self._of_profile('revert'))}")
        yield f"  first act        {self._after_storm(self.acted)}"
        yield f"  its cause shed   {self._after_storm(self.shed)}"
        yield f"  all given back   {self._after_storm(self.closed_at)}"
        yield (f"  highest rung     {self.highest_rung}; opened again while the cause lasted: "
               f"{self.reopenings}")
        yield "  listeners' transactions:"
        for name, speed in self.latencies().items():
            yield (f"    {name:<24} {speed.per_second:4.0f}/s   p99 {milliseconds(speed.p99):>8}"
                   f"   given up {speed.given_up}")
        yield (f"  acts             {len(self.made)} made, {self.steps_back} steps back, "
               f"{len(self.reverted)} reverted")
        for time, kind, outcome, target, admit, reason in facts.acts:
            what = f"{target} to {share(admit)}" if kind == "apply" else target
            yield f"    {time - facts.storm:6.1f} s  {kind} {what} ({outcome}): {reason}"
        yield from self._effect_lines()
        if facts.events is None:
            yield "  events           no Kafka on this machine"
        else:
            yield from facts.events.lines()
        if facts.notifications is None:
            yield "  alert            no Alertmanager on this machine"
        else:
            told = [f"{s} {t - facts.storm:.1f} s" for t, s, name in facts.notifications
                    if name == ALERT]
            yield f"  alert            {ALERT}: {', '.join(told) or 'never seen'}"

    def _effect_lines(self):
        verdicts = {True: "as expected", False: "not as expected", None: "cannot be told"}
        for effect in self.facts.effects:
            def value(key):
                return "absent" if effect.get(key) is None else f"{effect[key]:.2f}"
            yield (f"  effect           rung {effect['rung']}: {effect['signal']} "
                   f"{value('before')} -> {value('after')}, {verdicts[effect.get('met')]}")
