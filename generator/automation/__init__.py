"""What the scheduled jobs and the pull-request check run: each a function with a command of its own, none needs a forge.

It stands beside `generator.cli`, above the report: it compares bundles, words reports and looks after the data folder.
"""
