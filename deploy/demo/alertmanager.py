# SPDX-License-Identifier: Apache-2.0
"""A stock Alertmanager with a receiver of ours, so that what a person would be told is seen."""
import http.server
import json
import os
import shutil
import threading
import time
import urllib.error
import urllib.request

from processes import Child, free_port, wait_until

CONFIG = """
route:
  receiver: demo
  group_by: ['...']     # every alert by itself
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: demo
    webhook_configs:
      - {{url: "http://127.0.0.1:{port}/", send_resolved: true}}
"""


class Receiver:
    """Keeps the notifications that Alertmanager sends: (time, status, alert name)."""

    def __init__(self):
        self.notifications = []
        notifications = self.notifications

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                for alert in json.loads(body)["alerts"]:
                    notifications.append(
                        (time.time(), alert["status"], alert["labels"].get("alertname", "")))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def saw(self, status, alert):
        return any(s == status and name == alert for _, s, name in self.notifications)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Alertmanager:
    @staticmethod
    def installed():
        return shutil.which("prometheus-alertmanager") is not None

    def __init__(self, folder):
        self.receiver = Receiver()
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        config = os.path.join(folder, "alertmanager.yaml")
        with open(config, "w") as file:
            file.write(CONFIG.format(port=self.receiver.port))
        self.child = Child(
            "Alertmanager",
            ["prometheus-alertmanager", f"--config.file={config}",
             f"--storage.path={os.path.join(folder, 'alertmanager')}",
             f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="],
            os.path.join(folder, "alertmanager.log"))

    def wait_ready(self):
        def ready():
            try:
                with urllib.request.urlopen(f"{self.url}/-/ready", timeout=1) as answer:
                    return answer.status == 200
            except (urllib.error.URLError, OSError):
                return False

        wait_until(ready, "Alertmanager", child=self.child)

    def stop(self):
        self.child.stop()
        self.receiver.stop()
