"""Tiny randomly initialised causal LMs of many architectures; no weights are downloaded.

They live on the CPU, or on the device named by CAPEWATCH_TEST_DEVICE: `CAPEWATCH_TEST_DEVICE=cuda` runs the same tests on a GPU.
"""

from __future__ import annotations

import os
from typing import Any

import torch
import transformers

DEVICE = torch.device(os.environ.get("CAPEWATCH_TEST_DEVICE", "cpu"))
VOCABULARY = 40
WIDTH, BLOCKS, HEADS = 32, 3, 4

_MODERN: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": WIDTH,
    "intermediate_size": 48,
    "num_hidden_layers": BLOCKS,
    "num_attention_heads": HEADS,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": None,
}
_NO_GROUPS = {key: value for key, value in _MODERN.items() if key != "num_key_value_heads"}
_OLD: dict[str, Any] = {"vocab_size": VOCABULARY, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": None}
_EXPERTS = {"num_local_experts": 4, "num_experts_per_tok": 2}

#: config class, model class, keyword arguments of the config
CATALOGUE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "gpt2": (
        "GPT2Config",
        "GPT2LMHeadModel",
        {**_OLD, "n_embd": WIDTH, "n_layer": BLOCKS, "n_head": HEADS, "n_positions": 64},
    ),
    "gpt_neo": (
        "GPTNeoConfig",
        "GPTNeoForCausalLM",
        {
            **_OLD,
            "hidden_size": WIDTH,
            "num_layers": BLOCKS,
            "num_heads": HEADS,
            "attention_types": [[["global", "local", "global"], 1]],
            "window_size": 4,
            "max_position_embeddings": 64,
        },
    ),
    "gpt_neox": ("GPTNeoXConfig", "GPTNeoXForCausalLM", _NO_GROUPS),
    "gpt_neox_japanese": ("GPTNeoXJapaneseConfig", "GPTNeoXJapaneseForCausalLM", _NO_GROUPS),
    "gptj": (
        "GPTJConfig",
        "GPTJForCausalLM",
        {**_OLD, "n_embd": WIDTH, "n_layer": BLOCKS, "n_head": HEADS, "n_positions": 64, "rotary_dim": 4},
    ),
    "codegen": (
        "CodeGenConfig",
        "CodeGenForCausalLM",
        {**_OLD, "n_embd": WIDTH, "n_layer": BLOCKS, "n_head": HEADS, "n_positions": 64, "n_ctx": 64, "rotary_dim": 4},
    ),
    "gpt_bigcode": (
        "GPTBigCodeConfig",
        "GPTBigCodeForCausalLM",
        {**_OLD, "n_embd": WIDTH, "n_layer": BLOCKS, "n_head": HEADS, "n_positions": 64},
    ),
    "opt": (
        "OPTConfig",
        "OPTForCausalLM",
        {
            **_OLD,
            "hidden_size": WIDTH,
            "ffn_dim": 48,
            "num_hidden_layers": BLOCKS,
            "num_attention_heads": HEADS,
            "max_position_embeddings": 64,
            "word_embed_proj_dim": WIDTH,
        },
    ),
    "bloom": ("BloomConfig", "BloomForCausalLM", {**_OLD, "hidden_size": WIDTH, "n_layer": BLOCKS, "n_head": HEADS}),
    "falcon": (
        "FalconConfig",
        "FalconForCausalLM",
        {**_OLD, "hidden_size": WIDTH, "num_hidden_layers": BLOCKS, "num_attention_heads": HEADS},
    ),
    "mpt": (
        "MptConfig",
        "MptForCausalLM",
        {**_OLD, "d_model": WIDTH, "n_layers": BLOCKS, "n_heads": HEADS, "max_seq_len": 64},
    ),
    "biogpt": ("BioGptConfig", "BioGptForCausalLM", _NO_GROUPS),
    "xglm": (
        "XGLMConfig",
        "XGLMForCausalLM",
        {
            **_OLD,
            "d_model": WIDTH,
            "ffn_dim": 48,
            "num_layers": BLOCKS,
            "attention_heads": HEADS,
            "max_position_embeddings": 64,
        },
    ),
    "phi": ("PhiConfig", "PhiForCausalLM", _MODERN),
    "phi3": ("Phi3Config", "Phi3ForCausalLM", _MODERN),
    "llama": ("LlamaConfig", "LlamaForCausalLM", _MODERN),
    "mistral": ("MistralConfig", "MistralForCausalLM", {**_MODERN, "sliding_window": 6}),
    "mixtral": ("MixtralConfig", "MixtralForCausalLM", {**_MODERN, **_EXPERTS}),
    "qwen2": ("Qwen2Config", "Qwen2ForCausalLM", _MODERN),
    "qwen2_moe": (
        "Qwen2MoeConfig",
        "Qwen2MoeForCausalLM",
        {
            **_MODERN,
            "num_experts": 4,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 16,
            "shared_expert_intermediate_size": 16,
        },
    ),
    "qwen3": ("Qwen3Config", "Qwen3ForCausalLM", {**_MODERN, "head_dim": 8}),
    "qwen3_moe": (
        "Qwen3MoeConfig",
        "Qwen3MoeForCausalLM",
        {**_MODERN, "head_dim": 8, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16},
    ),
    "gemma": ("GemmaConfig", "GemmaForCausalLM", {**_MODERN, "head_dim": 8}),
    "gemma2": ("Gemma2Config", "Gemma2ForCausalLM", {**_MODERN, "head_dim": 8, "sliding_window": 6}),
    "gemma3": ("Gemma3TextConfig", "Gemma3ForCausalLM", {**_MODERN, "head_dim": 8, "sliding_window": 6}),
    "olmo": ("OlmoConfig", "OlmoForCausalLM", _MODERN),
    "olmo2": ("Olmo2Config", "Olmo2ForCausalLM", _MODERN),
    "olmoe": ("OlmoeConfig", "OlmoeForCausalLM", {**_MODERN, "num_experts": 4, "num_experts_per_tok": 2}),
    "stablelm": ("StableLmConfig", "StableLmForCausalLM", _MODERN),
    "starcoder2": ("Starcoder2Config", "Starcoder2ForCausalLM", _MODERN),
    "cohere": ("CohereConfig", "CohereForCausalLM", _MODERN),
    "cohere2": ("Cohere2Config", "Cohere2ForCausalLM", {**_MODERN, "sliding_window": 6}),
    "granite": ("GraniteConfig", "GraniteForCausalLM", _MODERN),
    "granitemoe": ("GraniteMoeConfig", "GraniteMoeForCausalLM", {**_MODERN, **_EXPERTS}),
    "persimmon": ("PersimmonConfig", "PersimmonForCausalLM", _NO_GROUPS),
    "nemotron": ("NemotronConfig", "NemotronForCausalLM", {**_MODERN, "head_dim": 8}),
    "glm": ("GlmConfig", "GlmForCausalLM", {**_MODERN, "head_dim": 8}),
    "glm4": ("Glm4Config", "Glm4ForCausalLM", {**_MODERN, "head_dim": 8}),
    "smollm3": ("SmolLM3Config", "SmolLM3ForCausalLM", _MODERN),
    "helium": ("HeliumConfig", "HeliumForCausalLM", {**_MODERN, "head_dim": 8}),
    "seed_oss": ("SeedOssConfig", "SeedOssForCausalLM", {**_MODERN, "head_dim": 8}),
    "arcee": ("ArceeConfig", "ArceeForCausalLM", _MODERN),
    "ernie4_5": ("Ernie4_5Config", "Ernie4_5ForCausalLM", {**_MODERN, "head_dim": 8}),
    "exaone4": ("Exaone4Config", "Exaone4ForCausalLM", {**_MODERN, "sliding_window": 6}),
    "mamba": (
        "MambaConfig",
        "MambaForCausalLM",
        {**_OLD, "hidden_size": WIDTH, "num_hidden_layers": BLOCKS, "state_size": 4, "time_step_rank": 4},
    ),
}
#: Recurrent states cannot be copied to several answers: prompt and answer are scored in one pass.
RECURRENT = ("mamba",)


def build(name: str) -> Any:
    """A seeded random model of one architecture in evaluation mode, float32."""
    config_name, model_name, arguments = CATALOGUE[name]
    config = getattr(transformers, config_name)(**arguments)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = getattr(transformers, model_name)(config)
        # larger weights than the defaults, so that attention and positions matter for the argmax
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.ndim >= 2:
                    parameter.normal_(0.0, 0.15)
    return model.to(DEVICE).eval()


class NumberTokenizer:
    """Words are numbers: `"5 7"` → [5, 7]; stands in for a real tokenizer with the attributes that are used."""

    def __init__(self, *, pad: int | None = 0, eos: int | None = None) -> None:
        self.pad_token_id, self.eos_token_id = pad, eos
        self.bos_token_id = self.unk_token_id = None

    def __call__(self, text: str) -> dict[str, list[int]]:
        return {"input_ids": [int(word) for word in text.split()]}

    def decode(self, ids: list[int], *, skip_special_tokens: bool) -> str:
        return " ".join(str(value) for value in ids)
