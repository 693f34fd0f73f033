"""Directions in the residual stream that point from false to true, fitted at the position where they are applied.

All methods take paired activations `true` and `false` of shape (pairs, width) and return a unit vector (width,).
Files are safetensors with metadata; anything else, and any vector of another model, is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from generator.core import near_matches, sha256_bytes, write_atomic
from generator.steering.data import PromptPair
from generator.steering.errors import SteeringError, UsageFault
from generator.steering.layers import HookPoint, recording
from generator.steering.subject import Subject, halving

#: Restarts of contrast-consistent search are drawn from this seed.
CCS_SEED = 0
FILE_FORMAT = "capewatch-steering-direction/1"


@dataclass(frozen=True)
class Activations:
    """Residual stream at the last token of paired prompts, per layer: (pairs, width) float64; norm: mean length per layer."""

    true: dict[int, np.ndarray]
    false: dict[int, np.ndarray]
    point: HookPoint

    def norm(self, layer: int) -> float:
        """Mean Euclidean norm over all prompts at that layer."""
        both = np.concatenate([self.true[layer], self.false[layer]])
        return float(np.linalg.norm(both, axis=1).mean())


@dataclass(frozen=True)
class DirectionInfo:
    """Where a direction came from and where it may be used."""

    method: str
    model: str
    revision: str
    layer_path: str
    layer: int
    point: HookPoint
    width: int
    residual_norm: float
    pairs: int
    data_hash: str
    seed: int


@dataclass(frozen=True)
class Direction:
    """A unit vector (width,) with its origin; `scaled(strength)` has norm strength × residual norm of its layer."""

    vector: np.ndarray
    info: DirectionInfo

    def scaled(self, strength: float) -> torch.Tensor:
        return torch.from_numpy(self.vector * strength * self.info.residual_norm).float()

    @property
    def digest(self) -> str:
        return sha256_bytes(np.ascontiguousarray(self.vector, dtype=np.float32).tobytes())


def last_token_states(
    subject: Subject, prompts: Sequence[str], *, layers: Sequence[int], point: HookPoint = "after", rows: int = 128
) -> dict[int, np.ndarray]:
    """Residual stream at each prompt's last token, per layer (prompts, width) float64; padded on the right."""
    encoded = [subject.tokenizer(prompt)["input_ids"] for prompt in prompts]
    order = sorted(range(len(encoded)), key=lambda index: len(encoded[index]))

    def run(limit: int) -> dict[int, np.ndarray]:
        found = {layer: np.empty((len(encoded), subject.blocks.width)) for layer in layers}
        with torch.inference_mode():
            for start in range(0, len(order), limit):
                part = order[start : start + limit]
                lengths = [len(encoded[index]) for index in part]
                tokens = torch.full((len(part), max(lengths)), subject.pad_id)
                mask = torch.zeros_like(tokens)
                for row, index in enumerate(part):
                    tokens[row, : lengths[row]] = torch.tensor(encoded[index])
                    mask[row, : lengths[row]] = 1
                keep = {"logits_to_keep": 1} if subject.keeps_logits else {}
                with recording(subject.blocks, layers, point=point) as seen:
                    subject.model(
                        input_ids=tokens.to(subject.device),
                        attention_mask=mask.to(subject.device),
                        use_cache=False,
                        **keep,
                    )
                for layer in layers:
                    place = seen[layer].device
                    last = torch.tensor(lengths, device=place) - 1
                    states = seen[layer][torch.arange(len(part), device=place), last]
                    found[layer][part] = states.double().cpu().numpy()
        return found

    return halving(run, rows=rows)


def pair_states(
    subject: Subject, pairs: Sequence[PromptPair], *, layers: Sequence[int], point: HookPoint = "after", rows: int = 128
) -> Activations:
    """Activations at the last token of both prompts of every pair."""
    if len(pairs) < 2:
        raise SteeringError(f"direction: {len(pairs)} prompt pairs, at least 2 are needed")
    true = last_token_states(subject, [pair.true for pair in pairs], layers=layers, point=point, rows=rows)
    false = last_token_states(subject, [pair.false for pair in pairs], layers=layers, point=point, rows=rows)
    return Activations(true=true, false=false, point=point)


def mean_difference(true: np.ndarray, false: np.ndarray) -> np.ndarray:
    """Difference of the class means (headline method)."""
    return _unit(true.mean(0) - false.mean(0), "mean difference")


def mass_mean(true: np.ndarray, false: np.ndarray) -> np.ndarray:
    """Linear discriminant: pooled within-class covariance (ridge 10 % of its mean eigenvalue) inverse × mean difference."""
    _require_difference(true, false, "mass-mean")
    centred = np.concatenate([true - true.mean(0), false - false.mean(0)])
    covariance = centred.T @ centred / max(len(centred) - 2, 1)
    ridge = 0.1 * np.trace(covariance) / len(covariance)
    solved = np.linalg.solve(covariance + ridge * np.eye(len(covariance)), true.mean(0) - false.mean(0))
    return _unit(solved, "mass-mean")


def logistic_probe(true: np.ndarray, false: np.ndarray) -> np.ndarray:
    """Weights of an L2-regularised logistic regression on activations scaled by their overall standard deviation."""
    from sklearn.linear_model import LogisticRegression

    _require_difference(true, false, "logistic probe")
    both = np.concatenate([true, false])
    centred = both - both.mean(0)
    labels = np.repeat([1, 0], [len(true), len(false)])
    model = LogisticRegression(C=1.0, max_iter=2000, tol=1e-6).fit(centred / centred.std(), labels)
    return _unit(model.coef_[0], "logistic probe")


def uncentred_pca(true: np.ndarray, false: np.ndarray) -> np.ndarray:
    """First right singular vector of the pair differences, not centred (centring would remove the mean difference)."""
    _require_difference(true, false, "uncentred PCA")
    differences = true - false
    _, _, right = np.linalg.svd(differences, full_matrices=False)
    sign = np.sign(right[0] @ differences.mean(0)) or 1.0
    return _unit(sign * right[0], "uncentred PCA")


def contrast_consistent(true: np.ndarray, false: np.ndarray) -> np.ndarray:
    """Contrast-consistent search (Burns et al. 2022): a probe whose answers to a pair are opposite and confident.

    The members of every pair are put in a seeded random order first, so that removing the mean of each side removes no
    truth; eight restarts, lowest loss; only the sign uses the labels.
    """
    swap = np.random.default_rng(CCS_SEED).random(len(true)) < 0.5
    one, other = (np.where(swap[:, None], x, y) for x, y in ((false, true), (true, false)))
    generator = torch.Generator().manual_seed(CCS_SEED)
    scale = np.concatenate([true, false]).std() + 1e-12
    a = torch.from_numpy((one - one.mean(0)) / scale).float()
    b = torch.from_numpy((other - other.mean(0)) / scale).float()
    best_loss, best = float("inf"), np.zeros(true.shape[1])
    for _ in range(8):
        weight = (torch.randn(a.shape[1], generator=generator) / a.shape[1] ** 0.5).requires_grad_()
        bias = torch.zeros(1, requires_grad=True)
        optimiser = torch.optim.AdamW([weight, bias], lr=0.02, weight_decay=0.01)
        for _ in range(200):
            p, q = torch.sigmoid(a @ weight + bias), torch.sigmoid(b @ weight + bias)
            loss = ((p - (1 - q)) ** 2).mean() + (torch.minimum(p, q) ** 2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        if loss.item() < best_loss:
            best_loss, best = loss.item(), weight.detach().double().numpy()
    sign = np.sign(best @ (true.mean(0) - false.mean(0))) or 1.0
    return _unit(sign * best, "contrast-consistent search")


Fit = Callable[[np.ndarray, np.ndarray], np.ndarray]
METHODS: dict[str, Fit] = {
    "mean-difference": mean_difference,
    "mass-mean": mass_mean,
    "logistic-probe": logistic_probe,
    "uncentred-pca": uncentred_pca,
    "ccs": contrast_consistent,
}
HEADLINE_METHOD = "mean-difference"


def method(name: str) -> Fit:
    """The fitting function of a method; a missed name suggests near ones."""
    if name not in METHODS:
        close = near_matches(name, METHODS)
        raise UsageFault(
            f"direction method: {name!r}, allowed {', '.join(METHODS)}",
            hint=f"did you mean {close[0]}?" if close else "",
        )
    return METHODS[name]


def fit_direction(
    subject: Subject, states: Activations, *, name: str, layer: int, data_hash: str, seed: int = 0
) -> Direction:
    """Fit one method at one layer and label the vector with its origin."""
    vector = method(name)(states.true[layer], states.false[layer])
    return Direction(
        vector=vector,
        info=DirectionInfo(
            method=name,
            model=subject.id,
            revision=subject.revision,
            layer_path=subject.blocks.path,
            layer=layer,
            point=states.point,
            width=subject.blocks.width,
            residual_norm=states.norm(layer),
            pairs=len(states.true[layer]),
            data_hash=data_hash,
            seed=seed,
        ),
    )


def save_direction(direction: Direction, path: Path) -> str:
    """Write safetensors with metadata; returns the sha256 of the vector."""
    from safetensors.numpy import save

    # one metadata key: the writer does not keep the order of several, and the bytes must not depend on chance
    metadata = {FILE_FORMAT: json.dumps(asdict(direction.info), sort_keys=True)}
    write_atomic(path, save({"vector": direction.vector.astype(np.float32)}, metadata=metadata))
    return direction.digest


def load_direction(path: Path, *, subject: Subject) -> Direction:
    """Read a direction and check that it fits this model; pickles and foreign files are refused unread."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise UsageFault(f"{path}: no such file")
    head = path.read_bytes()[:2]
    if head in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        raise SteeringError(
            f"{path}: a pickle or torch.save file; opening one can run code, so it is refused",
            hint="save the vector as safetensors",
        )
    try:
        with safe_open(path, framework="np") as stream:
            metadata = stream.metadata() or {}
            if FILE_FORMAT not in metadata or "vector" not in stream.keys():  # noqa: SIM118  (not a dict)
                found = ", ".join(sorted(metadata)) or "no metadata"
                raise SteeringError(f"{path}: not a steering direction: found {found}, allowed {FILE_FORMAT}")
            vector = np.asarray(stream.get_tensor("vector"), dtype=np.float64)
    except SafetensorError as error:
        raise SteeringError(f"{path}: not a safetensors file: {error}") from None
    try:
        info = DirectionInfo(**json.loads(metadata[FILE_FORMAT]))
    except (KeyError, TypeError, ValueError) as error:
        raise SteeringError(f"{path}: its metadata cannot be read: {error}") from None
    _check_fit(path, vector, info, subject)
    return Direction(vector=vector, info=info)


def _check_fit(path: Path, vector: np.ndarray, info: DirectionInfo, subject: Subject) -> None:
    expected = {
        "width": (vector.shape, (subject.blocks.width,)),
        "model": (info.model, subject.id),
        "revision": (info.revision, subject.revision),
        "layer path": (info.layer_path, subject.blocks.path),
    }
    for what, (found, allowed) in expected.items():
        if found != allowed:
            raise SteeringError(
                f"{path}: {what} of the vector is {found}, the model has {allowed}",
                hint="fit the direction on this model",
            )
    if not np.isfinite(vector).all() or not np.isclose(np.linalg.norm(vector), 1.0, atol=1e-4):
        raise SteeringError(f"{path}: the vector is not a finite unit vector (norm {np.linalg.norm(vector):.4g})")


def _require_difference(true: np.ndarray, false: np.ndarray, what: str) -> None:
    _unit(true.mean(0) - false.mean(0), what)


def _unit(vector: np.ndarray, what: str) -> np.ndarray:
    norm = float(np.linalg.norm(vector))
    if not np.isfinite(norm) or norm < 1e-12:
        raise SteeringError(
            f"{what}: the two classes give no direction (norm {norm:.3g})", hint="check the prompt pairs"
        )
    return vector / norm
