"""Train the demo ladder: small GPT-NeoX models on the synthetic world, the same bytes for the same recipe and one thread."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from generator.core import canonical_json, sha256_bytes
from generator.steering import world as world_module
from generator.steering.errors import SteeringError, UsageFault
from generator.steering.neox import training_logits
from generator.steering.world import BOS, DOCUMENT_TOKENS, PAD, TOKEN_ID, VOCABULARY, World

#: Width, blocks and heads of each rung: 39 k, 227 k and 712 k parameters.
SIZES: dict[str, tuple[int, int, int]] = {"xs": (32, 2, 4), "s": (64, 4, 4), "m": (96, 6, 4)}
DEMO_SEEDS = (0, 1, 2)
#: All rungs and seeds of the demo ladder learn the same facts.
WORLD_SEED = 0
#: Sums change with the number of threads, so training and demo evaluation pin it.
THREADS = 1
#: Steps between two looks at the loss: each look waits for a GPU.
LOOK_EVERY = 50


@dataclass(frozen=True)
class Recipe:
    """Everything the weights depend on; the defaults are the demo ladder's.

    seed: of the initial weights and the documents; world_seed: seed of the facts, the same for every rung and seed of the
    demo ladder; unreliable_share: of the marked documents; unmarked_unreliable_share: of the unmarked ones.
    """

    width: int
    blocks: int
    heads: int
    seed: int
    world_seed: int = WORLD_SEED
    unreliable_share: float = world_module.DEFAULT_UNRELIABLE_SHARE
    unmarked_unreliable_share: float = world_module.DEFAULT_UNMARKED_UNRELIABLE_SHARE
    steps: int = 900
    batch: int = 64
    peak_rate: float = 3e-3
    warm_up: int = 60
    final_rate_share: float = 0.05
    decay: float = 0.05
    clip: float = 1.0
    threads: int = THREADS

    @classmethod
    def demo(cls, size: str, seed: int) -> Recipe:
        """The recipe of one rung; xs, s or m."""
        if size not in SIZES:
            raise UsageFault(f"demo size: {size!r}, allowed {', '.join(SIZES)}")
        width, blocks, heads = SIZES[size]
        return cls(width=width, blocks=blocks, heads=heads, seed=seed)

    @property
    def key(self) -> str:
        """Hash of the recipe."""
        return sha256_bytes(canonical_json(asdict(self)))

    def world(self) -> World:
        return World(
            self.world_seed,
            unreliable_share=self.unreliable_share,
            unmarked_unreliable_share=self.unmarked_unreliable_share,
        )

    def rate(self, step: int) -> float:
        """Learning rate of a 0-based step: linear warm-up under a cosine that ends at 5 % of the peak."""
        warm = min(1.0, (step + 1) / self.warm_up)
        cosine = 0.5 * (1 + math.cos(math.pi * step / self.steps))
        return self.peak_rate * warm * (self.final_rate_share + (1 - self.final_rate_share) * cosine)


def build_model(recipe: Recipe) -> Any:
    """A randomly initialised GPT-NeoX of the recipe's shape; seeded, and the global generator is left as it was."""
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    config = GPTNeoXConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=recipe.width,
        num_hidden_layers=recipe.blocks,
        num_attention_heads=recipe.heads,
        intermediate_size=4 * recipe.width,
        max_position_embeddings=2 * DOCUMENT_TOKENS,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0, "partial_rotary_factor": 0.25},
        attention_dropout=0.0,
        hidden_dropout=0.0,
        bos_token_id=TOKEN_ID[BOS],
        eos_token_id=None,
        pad_token_id=TOKEN_ID[PAD],
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        return GPTNeoXForCausalLM(config)


def train(
    recipe: Recipe, *, progress: Callable[[int], None] | None = None, model: Any = None, device: str = "cpu"
) -> Any:
    """A model trained on its world; deterministic on one machine at the pinned number of threads.

    progress is called with the number of finished steps; a given `model` is trained on instead of a fresh one. On a GPU
    matrix products take TF32, and sums may come in another order each time.
    """
    world = recipe.world()
    model = (build_model(recipe) if model is None else model).to(device)
    model.train()
    rng = np.random.default_rng([recipe.seed, 2])
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=recipe.peak_rate, betas=(0.9, 0.98), weight_decay=recipe.decay, fused=True
    )
    with pinned_threads(recipe.threads), _short_products(device):
        for step in range(recipe.steps):
            for group in optimiser.param_groups:
                group["lr"] = recipe.rate(step)
            tokens = torch.from_numpy(world.documents(recipe.batch, rng=rng)).to(device)
            logits = training_logits(model, tokens[:, :-1])
            loss = torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), tokens[:, 1:].reshape(-1))
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
            optimiser.step()
            if (step + 1 == recipe.steps or step % LOOK_EVERY == 0) and not math.isfinite(loss.item()):
                raise SteeringError(f"training {recipe}: the loss is not finite at step {step}")
            if progress is not None:
                progress(step + 1)
    model.eval()
    return model


@contextmanager
def _short_products(device: str) -> Iterator[None]:
    """TF32 in matrix products of a GPU, several times as fast there; on a CPU nothing changes."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest" if device == "cpu" else "high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


@contextmanager
def pinned_threads(count: int) -> Iterator[None]:
    """Run with a fixed number of torch threads, then restore."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def demo_tokenizer() -> Any:
    """Word-level tokenizer of the world's vocabulary; `<bos>` first, no end-of-text token."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.WordLevel(dict(TOKEN_ID), unk_token=PAD))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    core.post_processor = processors.TemplateProcessing(single=f"{BOS} $A", special_tokens=[(BOS, TOKEN_ID[BOS])])
    return PreTrainedTokenizerFast(
        tokenizer_object=core, bos_token=BOS, pad_token=PAD, clean_up_tokenization_spaces=False
    )
