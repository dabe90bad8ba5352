# SPDX-License-Identifier: Apache-2.0
"""`homeostat simulate`: ticks with ten policies beside ticks with one, everything included (plant,
sensor, decide(), levers, scoring), on one core."""
import statistics

from table import Row

NAME = "simulate"
TITLE = "a simulated tick of ten policies ÷ of one"
HOURS = 48  # of virtual time a run
RUNS = 3  # a round; the fastest machine state is not chosen, the median is


def missing():
    return None


def ticks_per_second(seconds):
    """Of the time that one tick takes."""
    return f"{1 / seconds:,.0f} ticks/s"


def tick_seconds(ground, policies):
    return statistics.median(ground.microbenchmark("simulate_bench", policies, HOURS, RUNS))


def run(ground, rounds, say):
    ten, one = [], []
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        ten.append(tick_seconds(ground, 10))
        one.append(tick_seconds(ground, 1))
    return [Row("lock contention, two incidents a day", ten, one, "one policy", ticks_per_second)]
