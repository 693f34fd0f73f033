"""One module a leaderboard: VERSION, `fetch(client, options)` and the pure, total `parse(captures)`."""
