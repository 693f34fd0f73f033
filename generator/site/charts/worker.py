"""A process that makes drawings: reads orders from standard input until it ends (see generator.site.charts.drawing)."""

from __future__ import annotations

import json
import sys

from generator.site.charts.drawing import serve

if __name__ == "__main__":
    for made in serve(sys.stdin):
        print(json.dumps(made), flush=True)
