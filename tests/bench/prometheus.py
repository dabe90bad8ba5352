# SPDX-License-Identifier: Apache-2.0
"""A stock Prometheus with rules of ours, and a tiny exporter whose series it scrapes."""
import http.server
import json
import os
import shutil
import threading
import urllib.parse

from ground import Child, fetch, metric
from processes import free_port, wait_until


class Exporter:
    """Serves `text`, which may be exchanged at any time."""

    def __init__(self, text=""):
        self.text = text
        exporter = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = exporter.text.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Prometheus:
    """`groups`: name -> rules. Every file is JSON, which is YAML."""

    @staticmethod
    def installed():
        return shutil.which("prometheus") is not None

    def __init__(self, folder, exporter, groups, every, alertmanager=None):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        rules = self._write(folder, "rules.yaml", {
            "groups": [{"name": name, "rules": rules} for name, rules in groups.items()]})
        config = {
            "global": {"scrape_interval": every, "scrape_timeout": every,
                       "evaluation_interval": every},
            "rule_files": [rules],
            "scrape_configs": [{"job_name": "bench",
                                "static_configs": [{"targets": [exporter.address]}]}]}
        if alertmanager is not None:
            config["alerting"] = {"alertmanagers": [
                {"static_configs": [{"targets": [alertmanager.removeprefix("http://")]}]}]}
        path = self._write(folder, "prometheus.yaml", config)
        self.child = Child(
            "Prometheus",
            ["prometheus", f"--config.file={path}", f"--web.listen-address=127.0.0.1:{port}",
             f"--storage.tsdb.path={os.path.join(folder, 'prometheus')}"],
            os.path.join(folder, "prometheus.log"))

    @staticmethod
    def _write(folder, name, content):
        path = os.path.join(folder, name)
        with open(path, "w") as file:
            json.dump(content, file)
        return path

    def wait_ready(self):
        wait_until(self._ready, "Prometheus", child=self.child, patience=60)

    def _ready(self):
        try:
            return "Ready" in fetch(f"{self.url}/-/ready", patience=1)
        except OSError:
            return False

    def groups(self):
        """name -> (time of the last evaluation, its duration), both in seconds."""
        text = fetch(f"{self.url}/metrics")
        ended = metric(text, "prometheus_rule_group_last_evaluation_timestamp_seconds")
        took = metric(text, "prometheus_rule_group_last_duration_seconds")
        return {labels.rpartition(";")[2].removesuffix('"}'): (ended[labels], took[labels])
                for labels in took}

    def newest(self, query):
        """The value that an instant query finds; None while it finds none."""
        asked = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        found = json.loads(fetch(asked))["data"]["result"]
        return float(found[0]["value"][1]) if found else None

    def stop(self):
        self.child.stop()
