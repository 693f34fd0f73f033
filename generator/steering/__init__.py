"""The steering benchmark: corrected, broken, and compared with matched controls.

Stands beside the flow of the generator and writes result files under data/steering. Nothing here is imported before a
command needs it, so the package loads without torch; `generator.steering.cli.steer` is the command group.
"""
