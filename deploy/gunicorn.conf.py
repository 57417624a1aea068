"""How gunicorn serves Longtide: `gunicorn -c deploy/gunicorn.conf.py wsgi:create_app()`.

Always behind a proxy that buffers slow clients (deploy/Caddyfile): a bare gthread server is taken down by a few
hundred half-open requests. WEB_CONCURRENCY sets the number of workers, and the command line overrides all of this.
"""

import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

bind = "127.0.0.1:8000"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4

# Not preloaded: an application that opened its database before the fork would share one connection between two
# processes. Each worker starts by itself, and a reload (SIGHUP) takes up new code.
preload_app = False

# A worker silent for this long is replaced. Stripe may take 10 s to answer a journey, so it is well above that.
timeout = 30
# On SIGTERM: no new requests, those under way have this long. systemd waits longer (TimeoutStopSec).
graceful_timeout = 20
# Longer than the proxy keeps its idle connections (Caddy: 30 s there), so that the proxy is the one that closes.
keepalive = 65

# Nothing of ours speaks to gunicorn while it runs; signals are enough.
control_socket_disable = True

# Heartbeat files in memory: a worker must not look dead because a disk is slow.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes its own files there

# No access log: the paths hold links that open a booking. The application logs requests without them.
accesslog = None
errorlog = "-"
loglevel = os.environ.get("LONGTIDE_LOG_LEVEL", "info")
proc_name = "longtide"

# X-Forwarded-* is read by the application (LONGTIDE_TRUSTED_PROXIES), and by nothing before it.
forwarded_allow_ips = ""

# Loading the application makes almost two hundred thousand objects that all stay: looking for garbage among them costs
# a quarter of the start, half a second at the end, and in between a pause in somebody's request. So: no collection
# while loading (this file is read before), then what is loaded is put aside for good.
gc.disable()


def on_starting(server: Any) -> None:
    """Settings that cannot work are refused here, once, with the exit code that systemd knows: left to the workers, a
    second one that ends while gunicorn already stops makes it end with 1, and systemd would start it for ever."""
    del server
    # In a process of its own: what the master has imported, its workers would have too, and a reload could not renew.
    check = "from saas.config import load_or_exit; load_or_exit()"
    done = subprocess.run([sys.executable, "-c", check], check=False)
    if done.returncode:
        sys.exit(done.returncode)


def when_ready(server: Any) -> None:
    """The master, which may have loaded the application (--preload): its children share those pages of memory."""
    del server
    gc.freeze()


def post_worker_init(worker: Any) -> None:
    """The application is loaded: collect what requests leave behind, and nothing else."""
    del worker
    gc.freeze()
    gc.enable()
