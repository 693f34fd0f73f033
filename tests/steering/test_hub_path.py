"""The path of a model that is not of the demo ladder: a local folder on small files in the shape of the public data."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers

from generator.core import CapewatchError
from generator.steering import engine
from generator.steering.engine import DEFAULT_JUDGES, execute
from generator.steering.generate import ModelJudge
from generator.steering.ladder import Job, slug
from generator.steering.results import read_result
from generator.steering.run import RunConfig
from generator.steering.subject import load_pretrained
from tests.steering.test_sources import parquet, write_all

WORDS = [
    "<pad>",
    "Q:",
    "A:",
    "The",
    "city",
    "of",
    "is",
    "in",
    "Aa",
    "Bb",
    "Cc",
    "X.",
    "Y.",
    "yes",
    "no",
    "True:",
    "Helpful:",
    "Answer:",
    *(letter for letter in "ABCD"),
]
CONFIG = RunConfig(
    depths=2,
    strengths=(0.2,),
    controls=5,
    side_effect_controls=2,
    bootstrap_draws=50,
    new_tokens=3,
    generation_prompts=6,
)


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    vocabulary = {word: index for index, word in enumerate([*WORDS, *map(str, range(40))])}
    core = Tokenizer(models.WordLevel(vocabulary, unk_token="<pad>"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    transformers.PreTrainedTokenizerFast(tokenizer_object=core, pad_token="<pad>").save_pretrained(folder)
    config = transformers.LlamaConfig(
        vocab_size=len(vocabulary), hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, pad_token_id=0, bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def job(model_folder: Path, tmp_path: Path, **more: str) -> Job:
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    write_all(data)
    geometry = "statement,label\n" + "".join(
        f"The city of {city} is in {place}.,{label}\n"
        for city in ("Aa", "Bb", "Cc")
        for place, label in (("X", 1), ("Y", 0))
    )
    for path in data.glob("*.csv"):
        path.write_text(geometry)
    return Job(
        model=str(model_folder),
        suite="truthfulqa",
        out=str(tmp_path / "out"),
        device="cpu",
        data=str(data),
        offline=True,
        **more,
    )


def test_a_local_model_is_run_on_both_folds_and_judged_by_two_models(model_folder: Path, tmp_path: Path) -> None:
    task = job(model_folder, tmp_path, truth_judge=str(model_folder), information_judge=str(model_folder))
    result = execute(task, config=CONFIG)
    assert read_result(task.folder) == result
    assert result.status in ("ok", "no_effect")
    assert [fold.name for fold in result.folds] == ["fold1", "fold2"]
    assert result.data.n == 30
    assert result.generation is not None
    assert set(result.generation.truthful) == {"unsteered", "steered", "random control"}


def test_without_judges_completions_are_counted_but_not_called_truthful(model_folder: Path, tmp_path: Path) -> None:
    result = execute(job(model_folder, tmp_path), config=CONFIG)
    assert result.generation is not None
    assert result.generation.judge == "none"
    assert result.generation.truthful == {}
    assert result.generation.prompts == 6


def test_judges_must_be_pinned_and_come_in_a_pair(model_folder: Path, tmp_path: Path) -> None:
    for names in ({"truth_judge": "a/b"}, {"truth_judge": str(model_folder)}):
        with pytest.raises(CapewatchError, match=r"judges: .* is not pinned"):
            execute(job(model_folder, tmp_path, **names), config=CONFIG)


def test_judges_see_completions_mixed_so_that_order_does_not_tell_the_condition(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    honest = ModelJudge.__call__

    def watch(self: ModelJudge, prompts: list[str], completions: list[str]) -> object:
        seen.extend(prompts)
        return honest(self, prompts, completions)

    monkeypatch.setattr(ModelJudge, "__call__", watch)
    execute(
        job(model_folder, tmp_path, truth_judge=str(model_folder), information_judge=str(model_folder)), config=CONFIG
    )
    third = len(seen) // 3
    assert sorted(seen[:third]) != sorted(seen[third : 2 * third])
    assert slug(str(model_folder), "truthfulqa").endswith("--truthfulqa")


def test_a_later_failure_does_not_replace_a_result_with_figures(model_folder: Path, tmp_path: Path) -> None:
    task = job(model_folder, tmp_path)
    result = execute(task, config=CONFIG)
    (tmp_path / "data" / "hellaswag.parquet").unlink()
    with pytest.raises(CapewatchError, match=r"hellaswag\.parquet: not in"):
        execute(task, config=CONFIG)
    assert read_result(task.folder) == result


def test_the_default_judges_are_the_pinned_open_pair(
    monkeypatch: pytest.MonkeyPatch, model_folder: Path, tmp_path: Path
) -> None:
    asked: list[tuple[str, str | None]] = []
    honest = engine.load_pretrained

    def load(name: str, *, revision: str | None, **options: str) -> object:
        if name.startswith("allenai/"):
            asked.append((name, revision))
            return honest(str(model_folder), revision=None, **options)
        return honest(name, revision=revision, **options)

    monkeypatch.setattr(engine, "load_pretrained", load)
    truth, information = DEFAULT_JUDGES
    result = execute(job(model_folder, tmp_path, truth_judge=truth, information_judge=information), config=CONFIG)
    assert [name for name, _ in asked] == [
        "allenai/truthfulqa-truth-judge-llama2-7B",
        "allenai/truthfulqa-info-judge-llama2-7B",
    ]
    assert all(revision is not None and len(revision) == 40 for _, revision in asked)
    assert result.generation is not None
    assert result.generation.judge.count("@") == 2


def test_a_judge_says_yes_and_no_from_its_own_two_words(model_folder: Path) -> None:
    """The prompt ends in the question the judge was trained on; the likelier of the two words decides."""
    subject = load_pretrained(str(model_folder), revision=None, device="cpu", dtype="float32")
    judge = ModelJudge(truth=subject, information=subject)
    (verdict,) = judge(["The city of Aa"], ["is in X."])
    expected = []
    for question in ("True", "Helpful"):
        ids = subject.tokenizer(f"Q: The city of Aa\nA: is in X.\n{question}:")["input_ids"]
        with torch.inference_mode():
            logits = subject.model(input_ids=torch.tensor([ids])).logits[0, -1]
        yes, no = (subject.tokenizer(word)["input_ids"][-1] for word in ("yes", "no"))
        expected.append(bool(logits[yes] > logits[no]))
    assert [verdict.truthful, verdict.informative] == expected


def test_a_run_without_mmlu_says_so_and_one_with_it_measures_it(model_folder: Path, tmp_path: Path) -> None:
    task = job(model_folder, tmp_path)
    without = execute(task, config=CONFIG)
    assert without.side_effects is not None
    assert without.side_effects.multiple_choice is None
    assert "MMLU was not measured" in without.caveats[-1]
    rows = [
        {"question": f"The city {i}", "subject": "x", "choices": ["1", "2", "3", "4"], "answer": i % 4}
        for i in range(8)
    ]
    (tmp_path / "data" / "mmlu.parquet").write_bytes(parquet(rows))
    result = execute(task, config=CONFIG)
    assert result.key != without.key
    assert result.side_effects is not None
    assert result.side_effects.multiple_choice is not None
    assert (result.side_effects.multiple_choice.name, result.side_effects.multiple_choice.n) == ("mmlu", 8)
    assert not any("MMLU" in caveat for caveat in result.caveats)
