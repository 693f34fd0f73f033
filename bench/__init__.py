"""Measurements of capewatch, as ratios and seconds taken in one run. `python -m bench` writes bench/README.md."""
