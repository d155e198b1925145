"""A container's health check: is this process ready? Asks its own `/health/ready`; exit code 0 or 1."""

import os
import sys
import urllib.error
import urllib.request

address = f"http://127.0.0.1:{os.environ.get('HEALTH_PORT', '8000')}/health/ready"
try:
    with urllib.request.urlopen(address, timeout=3) as answer:  # our own port
        sys.exit(0 if answer.status == 200 else 1)
except urllib.error.HTTPError as error:
    sys.exit(error.read(500).decode(errors="replace"))
except OSError as error:
    sys.exit(f"{address}: {error}")
