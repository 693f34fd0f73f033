"""Who measured a score: the maker of the model, or a third party named by the address the score was read at."""

from __future__ import annotations

from urllib.parse import urlsplit

#: lab (as models.dev and the Hub spell it) → its own sites, and its organisations on the Hugging Face Hub.
LAB_SITES: dict[str, tuple[str, ...]] = {
    "alibaba": ("qwen.ai", "qwenlm.github.io", "alibabacloud.com", "hf:qwen", "gh:qwenlm"),
    "anthropic": ("anthropic.com", "claude.com", "hf:anthropic"),
    "cohere": ("cohere.com", "hf:coherelabs", "hf:cohereforai"),
    "deepreinforce": ("deepreinforce.ai", "hf:deepreinforce-ai"),
    "deepseek": ("deepseek.com", "hf:deepseek-ai", "gh:deepseek-ai"),
    "google": ("blog.google", "deepmind.google", "google.com", "ai.google.dev", "hf:google"),
    "meta": ("meta.com", "llama.com", "hf:meta-llama"),
    "minimax": ("minimax.io", "minimaxi.com", "hf:minimaxai"),
    "mistral": ("mistral.ai", "hf:mistralai"),
    "moonshotai": ("moonshot.ai", "moonshot.cn", "kimi.com", "hf:moonshotai", "gh:moonshotai"),
    "nvidia": ("nvidia.com", "hf:nvidia"),
    "openai": ("openai.com", "hf:openai"),
    "perplexity": ("perplexity.ai", "hf:perplexity-ai"),
    "sakana": ("sakana.ai", "hf:sakanaai"),
    "sarvam": ("sarvam.ai", "hf:sarvamai"),
    "stepfun": ("stepfun.com", "stepfun.ai", "hf:stepfun-ai", "https://arxiv.org/abs/2602.10604"),
    "tencent": ("tencent.com", "hf:tencent"),
    "xai": ("x.ai", "hf:xai-org"),
    "xiaomi": ("xiaomi.com", "hf:xiaomimimo"),
    "zhipuai": ("z.ai", "zhipuai.cn", "bigmodel.cn", "hf:zai-org", "hf:thudm"),
}
#: site → id of the third party that publishes there.
THIRD_PARTIES: dict[str, str] = {
    "aider.chat": "aider",
    "arcprize.org": "arc-prize",
    "artificialanalysis.ai": "artificial-analysis",
    "benchlm.ai": "benchlm",
    "epoch.ai": "epoch-ai",
    "labs.scale.com": "scale-ai",
    "livebench.ai": "livebench",
    "llm-stats.com": "llm-stats",
    "metr.org": "metr",
    "openrouter.ai": "openrouter",
    "scale.com": "scale-ai",
    "swebench.com": "swe-bench",
    "tbench.ai": "terminal-bench",
    "vals.ai": "vals-ai",
}
#: Sites that carry anybody's pages: the host does not say who measured.
OPEN_SITES = (
    "arxiv.org",
    "example.com",
    "example.org",
    "github.com",
    "huggingface.co",
    "hf.co",
    "medium.com",
    "raw.githubusercontent.com",
    "reddit.com",
    "twitter.com",
    "x.com",
    "youtube.com",
)
_OWNER = {site: lab for lab, sites in LAB_SITES.items() for site in sites}


def evaluator(source: str, lab: str) -> str:
    """``maker`` when `source` is an address of `lab`, else the id of the third party; empty when it does not tell.

    A lab that publishes another lab's score is a third party under its own name. A site that no table knows gives
    its host name (on the Hub or a code host the organisation), so that nobody is taken for somebody else.
    """
    site = _site(source)
    owner = _OWNER.get(source) or _lookup(_OWNER, site)
    if owner is not None:
        return "maker" if owner == lab else owner
    if site in OPEN_SITES:
        return ""
    return _lookup(THIRD_PARTIES, site) or site.partition(":")[2] or site


def _site(source: str) -> str:
    try:
        parts = urlsplit(source.strip())
        host = (parts.hostname or "").lower().removeprefix("www.")
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or "." not in host:
        return ""
    code_host = {"huggingface.co": "hf", "hf.co": "hf", "github.com": "gh"}.get(host)
    path = [part for part in parts.path.split("/") if part]
    if code_host and path and path[0] not in ("datasets", "spaces", "papers"):
        return f"{code_host}:{path[0].lower()}"
    return host


def _lookup(table: dict[str, str], site: str) -> str | None:
    """The entry of the site itself or of a domain it belongs to."""
    labels = site.split(".")
    candidates = (".".join(labels[start:]) for start in range(len(labels)))
    return next((table[name] for name in candidates if name in table), None)
