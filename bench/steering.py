"""Speed of the steering benchmark against simple alternatives, as ratios measured in one run.

Run by ``python -m bench steering`` (CPU, one thread, random weights), or alone with other settings, e.g.
``python -m bench.steering --shape 410m --full``; on a GPU by ``python -m bench gpu``. Against a one-prompt-at-a-time loop on
the same model: choice scoring and generation; hook overhead; choice scoring against lm-evaluation-harness's steered model
on the same items, where it is installed; two Ray workers against one. A row: name, ours_s, reference_s (medians over
alternating runs), ratio, note. On a CPU seconds are CPU time, but wall time for Ray.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.frame import ROOT, Part, skipped
from generator.steering.data import ChoiceItem
from generator.steering.effects import best_pairs
from generator.steering.generate import generate_ids
from generator.steering.layers import Edit, steering
from generator.steering.many import binary_many
from generator.steering.score import prepare, score
from generator.steering.subject import DTYPES, Subject, make_subject, pick_device

#: width, blocks, heads of GPT-NeoX shapes with the usual vocabulary
SHAPES = {
    "tiny": (128, 4, 4), "70m": (512, 6, 8), "160m": (768, 12, 12), "410m": (1024, 24, 16), "1b": (2048, 16, 8),
    "1.4b": (2048, 24, 16), "2.8b": (2560, 32, 32), "6.9b": (4096, 32, 32), "12b": (5120, 36, 40),
}  # fmt: skip
VOCABULARY = 50_304
#: relative agreement asked of the two sides of a comparison
TOLERANCE = {"float32": 1e-4, "bfloat16": 2e-2, "float16": 2e-2}
Row = dict[str, Any]
RAY_MODELS = ("demo:m-0", "demo:m-1")
PARTS = ("scoring", "controls", "generation", "hooks", "harness", "ray")


def build(shape: str, *, device: str, dtype: str) -> Subject:
    """A random GPT-NeoX of the shape with a word-level tokenizer w3 … w50303."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedTokenizerFast

    width, blocks, heads = SHAPES[shape]
    # special tokens that no word contains: the tokenizer cuts them out of any text
    words = ["<unk>", "<pad>", "<eos>", *(f"w{index}" for index in range(3, VOCABULARY))]
    core = Tokenizer(models.WordLevel({word: index for index, word in enumerate(words)}, unk_token="<unk>"))  # noqa: S106  (a word, not a secret)
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, pad_token="<pad>", eos_token="<eos>")  # noqa: S106
    torch.manual_seed(0)
    config = GPTNeoXConfig(
        vocab_size=VOCABULARY,
        hidden_size=width,
        num_hidden_layers=blocks,
        num_attention_heads=heads,
        intermediate_size=4 * width,
        max_position_embeddings=2048,
        bos_token_id=2,
        eos_token_id=2,
    )
    with torch.device(pick_device(device)):
        model: Any = GPTNeoXForCausalLM(config)
        model.to(DTYPES[dtype])
    return make_subject(model, tokenizer, model_id=f"random-{shape}", revision="0")


def questions(count: int, *, rng: np.random.Generator) -> list[ChoiceItem]:
    """Items of TruthfulQA's sizes: prompts of 12 to 30 tokens, 3 correct and 4 incorrect answers of 4 to 16 tokens."""

    def words(low: int, high: int) -> str:
        return " ".join(f"w{token}" for token in rng.integers(3, VOCABULARY, rng.integers(low, high)))

    return [
        ChoiceItem(
            str(index),
            words(12, 31),
            tuple(f" {words(4, 17)}" for _ in range(3)),
            tuple(f" {words(4, 17)}" for _ in range(4)),
        )
        for index in range(count)
    ]


def seconds(work: Callable[[], Any], *, device: torch.device) -> float:
    """CPU time on a CPU, which a busy machine does not stretch; wall time between two synchronisations on a GPU."""
    if device.type != "cuda":
        start = time.process_time()
        work()
        return time.process_time() - start
    torch.cuda.synchronize(device)
    start = time.perf_counter()
    work()
    torch.cuda.synchronize(device)
    return time.perf_counter() - start


def compare(
    name: str, ours: Callable[[], Any], reference: Callable[[], Any], *, device: torch.device, runs: int, note: str
) -> Row:
    """Median times and the median of reference / ours over alternating runs, after one warm-up of each."""
    ours(), reference()
    pairs = [(seconds(ours, device=device), seconds(reference, device=device)) for _ in range(runs)]
    return {
        "name": name,
        "ours_s": statistics.median(a for a, _ in pairs),
        "reference_s": statistics.median(b for _, b in pairs),
        "ratio": statistics.median(b / a for a, b in pairs),
        "note": note,
    }


def an_edit(subject: Subject) -> Edit:
    vector = torch.randn(subject.blocks.width, generator=torch.Generator().manual_seed(0))
    return Edit(vector * 0.1, len(subject.blocks) // 2)


def loop_scores(subject: Subject, items: list[ChoiceItem]) -> list[list[float]]:
    """One answer at a time: the whole sequence, all logits, no cache."""
    result = []
    for item in items:
        context = subject.tokenizer(item.prompt)["input_ids"]
        values = []
        for answer in item.answers:
            whole = subject.tokenizer(item.prompt + answer)["input_ids"]
            tokens = torch.tensor([whole], device=subject.device)
            with torch.inference_mode(), steering(subject.blocks, [an_edit(subject)], cached=False):
                log_p = subject.model(input_ids=tokens, use_cache=False).logits.float().log_softmax(-1)
            places = torch.arange(len(context), len(whole), device=subject.device)
            values.append(float(log_p[0, places - 1, tokens[0, places]].sum()))
        result.append(values)
    return result


def bench_scoring(subject: Subject, *, count: int, runs: int, shots: int = 0) -> Row:
    """shots: questions with an answer that stand before every prompt, the same ones each time."""
    examples = questions(shots, rng=np.random.default_rng(4))
    before = " ".join(example.prompt + example.correct[0] for example in examples)
    items = [
        item.with_prompt(f"{before} {item.prompt}".strip()) for item in questions(count, rng=np.random.default_rng(1))
    ]
    edits = [an_edit(subject)]
    for one, other in zip(
        loop_scores(subject, items[:5]), score(subject, prepare(subject, items[:5]), edits=edits), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=TOLERANCE[subject.dtype])
    return compare(
        "choice scoring against one answer at a time" + (f", {shots} examples before every question" if shots else ""),
        lambda: score(subject, prepare(subject, items), edits=edits),
        lambda: loop_scores(subject, items),
        device=subject.device,
        runs=runs,
        note=f"{count} questions × 7 answers, {subject.id}; goal 5×",
    )


def bench_controls(subject: Subject, *, count: int, runs: int, vectors: int = 12) -> Row:
    """Many vectors at a quarter of the depth, best against best incorrect answer, against one full scoring a vector."""
    prepared = prepare(subject, best_pairs(questions(count, rng=np.random.default_rng(5))))
    draws = torch.randn(vectors, subject.blocks.width, generator=torch.Generator().manual_seed(1))
    edits = [Edit(draw * 0.1, len(subject.blocks) // 4) for draw in draws]
    return compare(
        "matched controls together against one at a time",
        lambda: binary_many(subject, prepared, edits, from_last=True),
        lambda: [score(subject, prepared, edits=[edit], from_last=True) for edit in edits],
        device=subject.device,
        runs=runs,
        note=f"{vectors} vectors, {count} questions × 2 answers; both batched and cached; a check against the hook included",
    )


def loop_generation(
    subject: Subject, prompts: list[list[int]], edits: list[Edit], *, new_tokens: int
) -> list[list[int]]:
    """The library's greedy `generate` under the hook, one prompt at a time, with its cache."""
    from transformers import GenerationConfig

    config = GenerationConfig(
        do_sample=False, max_new_tokens=new_tokens, pad_token_id=subject.pad_id, eos_token_id=None, use_cache=True
    )
    found = []
    for prompt in prompts:
        tokens = torch.tensor([prompt], device=subject.device)
        with torch.inference_mode(), steering(subject.blocks, edits, cached=True):
            out = subject.model.generate(
                input_ids=tokens, attention_mask=torch.ones_like(tokens), generation_config=config
            )
        found.append(out[0, len(prompt) :].tolist())
    return found


def bench_generation(
    subject: Subject, *, count: int, runs: int, new_tokens: int = 50, looped: int | None = None
) -> Row:
    """looped: prompts that the reference runs one by one, its time taken in proportion; all by default."""
    prompts = [subject.tokenizer(item.prompt)["input_ids"] for item in questions(count, rng=np.random.default_rng(2))]
    edits = [an_edit(subject)]
    alone = looped or count
    found = compare(
        "generation against one prompt at a time",
        lambda: generate_ids(subject, prompts, new_tokens=new_tokens, edits=edits, rows=count),
        lambda: loop_generation(subject, prompts[:alone], edits, new_tokens=new_tokens),
        device=subject.device,
        runs=runs,
        note=f"{count} prompts, {new_tokens} tokens greedy, both cached, {subject.id}; goal 12×",
    )
    if alone == count:
        return found
    more = count / alone
    return found | {
        "reference_s": found["reference_s"] * more,
        "ratio": found["ratio"] * more,
        "note": f"{found['note']}; the loop ran {alone} prompts, its time times {more:g}",
    }


def bench_hooks(subject: Subject, *, runs: int) -> Row:
    """The ratio is unsteered over steered: 0.97 or more means at most 3 % overhead."""
    tokens = torch.randint(3, VOCABULARY, (16, 64), generator=torch.Generator().manual_seed(0)).to(subject.device)

    def forward(edits: list[Edit]) -> None:
        with torch.inference_mode(), steering(subject.blocks, edits, cached=False):
            for _ in range(2):
                subject.model(input_ids=tokens, use_cache=False, logits_to_keep=1)

    row = compare(
        "forward pass with the vector against without",
        lambda: forward([an_edit(subject)]),
        lambda: forward([]),
        device=subject.device,
        runs=5 * runs,
        note="",
    )
    return {**row, "note": f"overhead {1 / row['ratio'] - 1:+.1%}; goal at most 3 %"}


def bench_harness(subject: Subject, *, count: int, runs: int, rows: int) -> list[Row]:
    """The harness's `steered` model on the same items, its own batching, the same hook point and vector."""
    try:
        from lm_eval.api.instance import Instance
        from lm_eval.models.hf_steered import SteeredModel
    except ImportError:
        return [
            skipped(
                "choice scoring against lm-evaluation-harness (steered model)", "not installed (pip install lm-eval)"
            )
        ]
    items = questions(count, rng=np.random.default_rng(3))
    edit = an_edit(subject)
    with tempfile.TemporaryDirectory() as folder:
        subject.model.save_pretrained(folder)
        subject.tokenizer.save_pretrained(folder)
        steer_file = Path(folder) / "steer.pt"
        point = {"steering_vector": edit.vector, "steering_coefficient": 1.0, "action": "add"}
        torch.save({f"layers.{edit.layer}": point}, steer_file)
        device, dtype = str(subject.device), subject.dtype
        other = SteeredModel(folder, str(steer_file), device=device, dtype=dtype, batch_size=rows)
    requests = [
        Instance("loglikelihood", {}, (item.prompt, answer), number)
        for item in items
        for number, answer in enumerate(item.answers)
    ]

    def theirs() -> list[float]:
        return [value for value, _ in other.loglikelihood(requests, disable_tqdm=True)]

    def ours() -> list[float]:
        found = score(subject, prepare(subject, items), edits=[edit], rows=rows)
        return [float(value) for values in found for value in values]

    np.testing.assert_allclose(theirs(), ours(), rtol=TOLERANCE[subject.dtype])
    note = f"{count} questions × 7 answers, batches of {rows} rows, equal scores; goal 2×"
    name = "choice scoring against lm-evaluation-harness (steered model)"
    return [compare(name, ours, theirs, device=subject.device, runs=runs, note=note)]


def bench_ray() -> list[Row]:
    """Two demo models on two Ray workers against one; start-up of the workers counts on both sides; wall time. Beside it the same
    with plain processes: what two cores of this machine give at most."""
    try:
        import ray  # noqa: F401  (is it there?)
    except ImportError:
        return [skipped("two demo models on two Ray workers against one", "ray is not installed")]
    from generator.steering.engine import run_ray
    from generator.steering.ladder import Job

    def run(workers: int) -> float:
        with tempfile.TemporaryDirectory() as out:
            jobs = [Job(model=model, suite="demo", out=out, device="cpu") for model in RAY_MODELS]
            start = time.perf_counter()
            outcomes = run_ray(jobs, workers=workers, gpus=0, report=lambda _: None)
            spent = time.perf_counter() - start
        failed = [row for row in outcomes if row["status"] == "failed"]
        if failed:
            raise RuntimeError(f"a job failed: {failed[0]}")
        return spent

    run(2)  # the first cluster reads its code from disk, which must count on neither side
    one, two = run(1), run(2)
    plain_one, plain_two = (_plain_processes(parts) for parts in ([RAY_MODELS], [[model] for model in RAY_MODELS]))
    note = (
        f"wall time with start-up; two plain processes against one: {plain_two:.3g} s, {plain_one / plain_two:.3g}×; "
        "goal 1.6× where two cores allow"
    )
    return [
        {
            "name": "two demo models on two Ray workers against one",
            "ours_s": two,
            "reference_s": one,
            "ratio": one / two,
            "note": note,
        }
    ]


def _plain_processes(parts: Sequence[Sequence[str]]) -> float:
    """Wall seconds of one process a part, all at once, each running its models on the demo suite one after another."""
    code = (
        "import sys; from generator.steering.engine import run_local; from generator.steering.ladder import Job; "
        "rows = run_local([Job(model=model, suite='demo', out=sys.argv[1], device='cpu') for model in sys.argv[2:]]); "
        "sys.exit(any(row['status'] == 'failed' for row in rows))"
    )
    with tempfile.TemporaryDirectory() as out:
        start = time.perf_counter()
        started = [subprocess.Popen([sys.executable, "-c", code, out, *models], cwd=ROOT) for models in parts]
        codes = [process.wait() for process in started]
        spent = time.perf_counter() - start
    if any(codes):
        raise RuntimeError(f"a job failed, exit codes {codes}")
    return spent


def parts(
    *,
    full: bool = False,
    shape: str = "70m",
    device: str = "cpu",
    dtype: str = "float32",
    chosen: Sequence[str] = PARTS,
    threads: int = 1,
    looped: int | None = None,
) -> list[Part]:
    """The chosen parts, each with what makes its rows; `full` doubles the items and the runs."""
    torch.set_num_threads(threads)
    runs, count, rows = (5, 48, 64) if full else (3, 24, 64)

    @cache
    def subject(name: str = shape) -> Subject:
        return build(name, device=device, dtype=dtype)

    def scoring() -> list[Row]:
        few = bench_scoring(subject(), count=count // 4, runs=runs, shots=6)
        return [bench_scoring(subject(), count=count, runs=runs), few]

    def generation() -> list[Row]:
        names = (shape, "tiny") if shape != "tiny" else (shape,)
        rounds = runs if full else 1
        return [bench_generation(subject(name), count=64, runs=rounds, looped=looped) for name in names]

    makers: dict[str, Callable[[], list[Row]]] = {
        "scoring": scoring,
        "controls": lambda: [bench_controls(subject(), count=count, runs=runs)],
        "generation": generation,
        "hooks": lambda: [bench_hooks(subject(), runs=runs)],
        "harness": lambda: bench_harness(subject(), count=count, runs=runs, rows=rows),
        "ray": bench_ray,
    }
    return [(name, makers[name]) for name in PARTS if name in chosen]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--shape", choices=list(SHAPES), default="70m")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", choices=list(DTYPES), default="float32")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, dest="chosen")
    parser.add_argument("--threads", type=int, default=1)
    for _name, make in parts(**vars(parser.parse_args())):
        for line in make():
            print(json.dumps(line), flush=True)
