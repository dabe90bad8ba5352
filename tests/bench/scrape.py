# SPDX-License-Identifier: Apache-2.0
"""Writing the metrics of 10,000 breached policy-subjects, beside Prometheus scraping that text from
an exporter that has it ready. Both together are what a scrape of Homeostat takes."""
import os
import statistics

from processes import wait_until
from prometheus import Exporter, Prometheus
from table import Row, duration

NAME = "scrape"
TITLE = "writing the metrics ÷ a scrape of the same text, served ready-made"
SUBJECTS = 10000
TIMES = 5  # a round


def missing():
    return None if Prometheus.installed() else "prometheus is not installed"


def run(ground, rounds, say):
    folder = ground.subfolder("scrape")
    path = os.path.join(folder, "metrics")
    ground.microbenchmark("metrics_bench", SUBJECTS, 1, path)
    with open(path) as file:
        exporter = ground.keep(Exporter(file.read()))
    prometheus = ground.keep(Prometheus(folder, exporter, {}, "1s"))
    prometheus.wait_ready()
    wait_until(lambda: prometheus.newest("up") == 1, "a scrape", child=prometheus.child)
    ours, theirs = [], []
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        ours.append(statistics.median(
            ground.microbenchmark("metrics_bench", SUBJECTS, TIMES, path)))
        theirs.append(prometheus.newest("quantile_over_time(0.5, scrape_duration_seconds[10s])"))
    ground.end(prometheus)
    ground.end(exporter)
    return [Row(f"{SUBJECTS:,} subjects, {len(exporter.text) / 1e6:.1f} MB", ours, theirs,
                "Prometheus", duration)]
