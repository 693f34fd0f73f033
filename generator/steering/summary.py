"""The table over models: net corrected, gain over matched control, Holm-adjusted p-values; computed from result files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from generator.steering.errors import SteeringError
from generator.steering.results import ResultFile
from generator.steering.stats import holm


def summarise(results: Sequence[ResultFile]) -> dict[str, Any]:
    """One row a model, and Holm's adjustment over all models that have figures."""
    if not results:
        raise SteeringError("summary: no result to summarise")
    tested = {result.model.id: result.test for result in results if result.test is not None}
    mcnemar = holm({name: test.binary.mcnemar_p for name, test in tested.items()})
    rank = holm({name: test.gain.rank_p for name, test in tested.items()})
    rows = []
    for result in results:
        test = result.test
        row: dict[str, Any] = {
            "model": result.model.id,
            "parameters": result.model.parameters,
            "suite": result.data.suite,
            "status": result.status,
            "reason": result.reason,
            "key": result.key,
        }
        if test is not None:
            row |= {
                "n": test.binary.n,
                "base": test.base["binary"],
                "steered": test.steered["binary"],
                "corrected": [test.binary.corrected.k, test.binary.corrected.n],
                "broken": [test.binary.broken.k, test.binary.broken.n],
                "net": test.binary.net,
                "gain": [test.gain.estimate, test.gain.low, test.gain.high],
                "gain_random": [test.gain_random.estimate, test.gain_random.low, test.gain_random.high],
                "gain_shuffled": [test.gain_shuffled.estimate, test.gain_shuffled.low, test.gain_shuffled.high],
                "mcnemar_p": test.binary.mcnemar_p,
                "mcnemar_holm": mcnemar[result.model.id],
                "rank_p": test.gain.rank_p,
                "rank_holm": rank[result.model.id],
                "layer": result.folds[0].layer,
                "strength": result.folds[0].strength,
            }
        rows.append(row)
    caveats = list(dict.fromkeys(caveat for result in results for caveat in result.caveats))
    return {"models": len(results), "with_figures": len(tested), "rows": rows, "caveats": caveats}


def text_table(summary: dict[str, Any]) -> str:
    """The summary as aligned text for a terminal."""
    lines = [
        f"{'model':<28} {'status':<10} {'base':>5} {'steered':>7} {'corrected':>10} {'broken':>8}  gain over matched control"
    ]
    for row in summary["rows"]:
        if "n" not in row:
            lines.append(f"{row['model']:<28} {row['status']:<10} {row['reason']}")
            continue
        gain, low, high = row["gain"]
        lines.append(
            f"{row['model']:<28} {row['status']:<10} {row['base']:>5.3f} {row['steered']:>7.3f} "
            f"{'/'.join(map(str, row['corrected'])):>10} {'/'.join(map(str, row['broken'])):>8}  "
            f"{gain:+.3f} [{low:+.3f}, {high:+.3f}]"
        )
    return "\n".join(lines)
