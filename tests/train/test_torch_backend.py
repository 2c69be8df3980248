"""The fast trainer computes what transformers and peft compute, one dialogue at a time."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from tiny_models import tiny_model
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM

from quimbot.exceptions import ModelError, TrainingFault
from quimbot.records.record import Message
from quimbot.runtimes import workers
from quimbot.runtimes.adapter import read_adapter
from quimbot.runtimes.chat_format import examples
from quimbot.runtimes.gguf import Architecture
from quimbot.runtimes.models import find_model
from quimbot.runtimes.packing import Pack, packs
from quimbot.runtimes.torch_local import TorchEngine
from quimbot.train import base_backend
from quimbot.train.base_backend import Precision
from quimbot.train.lora import Lora
from quimbot.train.machine_backend import machine
from quimbot.train.torch_backend import TorchTrainer
from quimbot.train.trainer import Example

pytestmark = pytest.mark.filterwarnings(  # peft reads a name that transformers will drop
    "ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"
)

Grads = dict[str, torch.Tensor]
LORA = Lora(rank=4, alpha=8)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=["llama", "qwen3"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    architecture: Architecture = request.param
    return tiny_model(tmp_path_factory.mktemp(architecture), architecture)


def batch() -> list[Example]:
    """Dialogues of several lengths; all share a beginning, two share more, one has two replies."""
    draw = torch.Generator().manual_seed(3)

    def some(count: int) -> list[int]:
        return torch.randint(5, 250, (count,), generator=draw).tolist()

    system, learner, dialogues = some(20), some(9), []
    for turns in ([learner, some(7)], [learner, some(11)], [some(5), some(80)], [some(3), some(6)]):
        tokens, weights = list(system), [0.0] * len(system)
        for turn, part in enumerate(turns):
            tokens += part
            weights += [turn % 2] * len(part)
        dialogues.append(Example(id="", tokens=tuple(tokens), weights=tuple(weights)))
    two = dialogues[0].tokens + tuple(learner) + tuple(some(8))
    weights = [*dialogues[0].weights, *[0] * len(learner), *[8.0] * 2, *[0.1] * 6]
    return [*dialogues, Example(id="", tokens=two, weights=tuple(weights))]


def trainer(
    model: Path, folder: Path, *, pack_tokens: int = 1000, precision: Precision = "float32"
) -> TorchTrainer:
    made = TorchTrainer(
        find_model(str(model)),
        folder,
        lora=LORA,
        seed=0,
        pack_tokens=pack_tokens,
        precision=precision,
    )
    draw = torch.Generator().manual_seed(1)
    for value in made._named.values():  # away from B = 0, where A has no gradient
        value.data += 0.05 * torch.randn(value.shape, generator=draw)
    return made


def grads_of(named: dict[str, Any]) -> Grads:
    return {name: value.grad.clone() for name, value in named.items()}


def packed(ours: TorchTrainer, dialogues: list[Example]) -> tuple[float, Grads]:
    loss = 0.0
    for pack in packs(dialogues, ours._pack_tokens):
        nats = ours._nats(pack)
        nats.backward()  # type: ignore[no-untyped-call] # torch's own
        loss += nats.item()
    return loss, grads_of(ours._named)


def one_at_a_time(
    model: Path,
    ours: TorchTrainer,
    dialogues: list[Example],
    attention: str,
    dtype: torch.dtype = torch.float32,
) -> tuple[float, Grads]:
    """The same with nothing of ours: whole logits, causal mask, cross-entropy on the weights."""
    base = AutoModelForCausalLM.from_pretrained(model, dtype=dtype, attn_implementation=attention)
    targets = ours._model.peft_config["default"].target_modules
    plain = get_peft_model(base, LoraConfig(r=4, lora_alpha=8, target_modules=targets)).eval()
    named = {name: value for name, value in plain.named_parameters() if value.requires_grad}
    for name, value in named.items():
        value.data.copy_(ours._named[name].data)
    loss = 0.0
    for example in dialogues:
        logits = (
            plain(input_ids=torch.tensor([example.tokens]), use_cache=False).logits[0, :-1].float()
        )
        nats = cross_entropy(logits, torch.tensor(example.tokens[1:]), reduction="none")
        total = (nats * torch.tensor(example.weights[1:])).sum()
        total.backward()  # type: ignore[no-untyped-call] # torch's own
        loss += total.item()
    return loss, grads_of(named)


def difference(ours: Grads, theirs: Grads) -> float:
    """Relative, over all parameters."""
    assert ours.keys() == theirs.keys()
    apart = sum(float((ours[name] - theirs[name]).square().sum()) for name in ours)
    size = sum(float(value.square().sum()) for value in theirs.values())
    return float((apart / size) ** 0.5)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("pack_tokens", [1000, 120])
def test_packed_equals_one_dialogue_at_a_time(
    model: Path, tmp_path: Path, attention: str, pack_tokens: int
) -> None:
    ours = trainer(model, tmp_path, pack_tokens=pack_tokens)
    loss, grads = packed(ours, batch())
    reference, expected = one_at_a_time(model, ours, batch(), attention)
    assert loss == pytest.approx(reference, rel=1e-6)
    assert difference(grads, expected) < 1e-5


def test_a_bfloat16_base_comes_as_near_as_it_does_in_transformers(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = machine()
    monkeypatch.setattr(base_backend, "machine", lambda: replace(here, bfloat16=True))
    loss, grads = packed(trainer(model, tmp_path), batch())
    ours = trainer(model, tmp_path, precision="bfloat16")
    coarse, others = packed(ours, batch())
    reference, expected = one_at_a_time(model, ours, batch(), "sdpa", torch.bfloat16)
    assert coarse != loss
    assert abs(coarse / loss - 1) < max(1e-3, 2 * abs(reference / loss - 1))
    assert difference(others, grads) < 1.5 * difference(expected, grads)
    assert {value.dtype for value in [*ours._named.values(), *others.values()]} == {torch.float32}
    assert len(ours.reply(batch()[0].tokens[:20], end=2, max_tokens=3)) <= 3


def test_dialogues_that_see_each_other_are_noticed(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = trainer(model, tmp_path)
    loss, grads = packed(ours, batch())
    ours._optimiser.zero_grad()
    to = Pack.to

    def open_mask(pack: Pack, device: str) -> Pack:
        moved = to(pack, device)
        moved.sees_NN.copy_(torch.ones_like(moved.sees_NN).tril())
        return moved

    monkeypatch.setattr(Pack, "to", open_mask)
    wrong, others = packed(ours, batch())
    assert wrong != pytest.approx(loss, rel=1e-3)
    assert difference(others, grads) > 1e-2


def test_the_size_of_packs_does_not_change_a_step(model: Path, tmp_path: Path) -> None:
    whole, parts = (trainer(model, tmp_path, pack_tokens=size) for size in (1000, 50))
    for _ in range(3):
        assert whole.step(batch(), 1e-3).loss == pytest.approx(
            parts.step(batch(), 1e-3).loss, rel=1e-5
        )
    for name, value in whole._named.items():
        torch.testing.assert_close(parts._named[name], value, rtol=1e-3, atol=1e-4)


def test_workers_do_not_change_a_step(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_WORTH_A_WORKER", 20)
    alone, together, again = (trainer(model, tmp_path) for _ in range(3))
    together.threads = again.threads = 3
    for _ in range(3):
        step = together.step(batch(), 1e-3)
        assert torch.get_num_threads() == together.threads
        assert step == again.step(batch(), 1e-3)
        assert step == pytest.approx(alone.step(batch(), 1e-3), rel=1e-5)
    for name, value in together._named.items():
        assert torch.equal(again._named[name], value)
        torch.testing.assert_close(alone._named[name], value, rtol=1e-3, atol=1e-4)
    assert together.loss(batch()) == pytest.approx(alone.loss(batch()), rel=1e-5)


def test_loss_moves_nothing_and_is_the_loss_of_the_next_step(model: Path, tmp_path: Path) -> None:
    ours = trainer(model, tmp_path)
    before = {name: value.clone() for name, value in ours._named.items()}
    loss = ours.loss(batch())
    assert all(torch.equal(before[name], value) for name, value in ours._named.items())
    assert ours.step(batch(), 1e-3).loss == pytest.approx(loss, rel=1e-6)


def test_a_step_moves_every_factor_and_nothing_else(model: Path, tmp_path: Path) -> None:
    ours = trainer(model, tmp_path)
    before = {name: value.clone() for name, value in ours._model.named_parameters()}
    ours.step(batch(), 1e-3)
    for name, value in ours._model.named_parameters():
        assert torch.equal(before[name], value) != ("lora_" in name), name


def test_a_fresh_adapter_depends_on_the_seed_alone(model: Path, tmp_path: Path) -> None:
    files = find_model(str(model))
    made = []
    for seed in (0, 0, 1):
        torch.rand(5)
        fresh = TorchTrainer(files, tmp_path, lora=LORA, seed=seed, pack_tokens=100)
        made.append(torch.cat([value.data.flatten() for value in fresh._named.values()]))
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])


def test_b_learns_at_so_many_times_the_rate_of_a(model: Path, tmp_path: Path) -> None:
    files = find_model(str(model))
    made = TorchTrainer(files, tmp_path, lora=LORA, seed=0, pack_tokens=1000, loraplus_lr_ratio=8.0)
    for value in made._named.values():  # away from B = 0, where A has no gradient
        value.data += 0.05
    before = {name: value.detach().clone() for name, value in made._named.items()}
    made.step(batch(), 1e-3)
    for name, value in made._named.items():  # Adam's first step is the rate itself, up or down
        rate = 8e-3 if "lora_B" in name else 1e-3
        moved = float((value.detach() - before[name]).abs().median())
        assert moved == pytest.approx(rate, rel=1e-2), name


def test_a_checkpoint_loads_in_plain_peft(model: Path, tmp_path: Path) -> None:
    ours = trainer(model, tmp_path)
    ours.step(batch(), 1e-2)
    address = ours.save("step-000001")
    base = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    plain = PeftModel.from_pretrained(base, address).eval()
    tokens = torch.tensor([batch()[0].tokens])
    with torch.inference_mode():
        torch.testing.assert_close(plain(tokens).logits, ours._model(tokens).logits)
        with plain.disable_adapter():
            assert not torch.allclose(plain(tokens).logits, ours._model(tokens).logits)


SHAPES = [
    LORA,
    Lora(rank=3, alpha=7, use_rslora=True),
    Lora(rank=4, alpha=8, target_modules=("q_proj", "v_proj")),
    Lora(rank=4, alpha=8, use_dora=True),
    Lora(rank=4, alpha=8, dropout=0.3),
]


@pytest.mark.parametrize("lora", SHAPES, ids=str)
def test_training_and_evaluation_agree_on_the_loss(model: Path, tmp_path: Path, lora: Lora) -> None:
    files = find_model(str(model))
    ours = opened(model, tmp_path, lora)
    adapter = read_adapter(Path(trained(ours, "step-000002")))
    chats = [
        [
            Message(role="system", content="You are a tutor."),
            Message(role="user", content=f"Yesterday I go {place}."),
            Message(role="assistant", content="You went?"),
            Message(role="user", content="Yes."),
            Message(role="assistant", content=f"What did you see {place}?"),
        ]
        for place in ("home", "to the store")
    ]
    learnt = [
        Example(id="", tokens=tokens, weights=weights)
        for chat in chats
        for tokens, weights in examples(chat, files.style, files.tokenizer())
    ]
    with TorchEngine(files, [adapter]) as engine:
        scored = engine.runtime("tuned", adapter).logprobs(chats)
    logprobs = [token.logprob for tokens in scored for token in tokens]
    assert len(logprobs) == sum(example.trainable for example in learnt)
    assert ours.loss(learnt) == pytest.approx(-sum(logprobs) / len(logprobs), rel=1e-5)


def test_a_sample_is_the_greedy_continuation(model: Path, tmp_path: Path) -> None:
    ours = trainer(model, tmp_path)
    tokens = list(batch()[0].tokens[:20])
    said = ours.reply(tokens, end=2, max_tokens=6)
    for token in said:
        with torch.inference_mode():
            logits = ours._model(torch.tensor([tokens]), use_cache=False).logits
        assert int(logits[0, -1].argmax()) == token
        tokens.append(token)


def opened(model: Path, folder: Path, lora: Lora, *, start: str = "", merge: bool = False) -> Any:  # noqa: ANN401 - its insides are read
    return TorchTrainer(
        find_model(str(model)),
        folder,
        lora=lora,
        seed=0,
        pack_tokens=1000,
        start=start,
        merge=merge,
    )


def logits_of(model: Path, address: str) -> torch.Tensor:
    """What plain peft answers with a checkpoint on the base alone."""
    base = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    plain = PeftModel.from_pretrained(base, address).eval()
    with torch.inference_mode():
        logits: torch.Tensor = plain(torch.tensor([batch()[0].tokens])).logits
    return logits


def trained(ours: TorchTrainer, name: str) -> str:
    for _ in range(2):
        ours.step(batch(), 1e-2)
    return ours.save(name)


@pytest.mark.parametrize("lora", SHAPES, ids=str)
def test_every_shape_answers_in_plain_peft_as_in_training(
    model: Path, tmp_path: Path, lora: Lora
) -> None:
    ours = opened(model, tmp_path, lora)
    address = trained(ours, "step-000002")
    with torch.inference_mode():
        now = ours._model(torch.tensor([batch()[0].tokens])).logits
    torch.testing.assert_close(logits_of(model, address), now)


@pytest.mark.parametrize("lora", SHAPES, ids=str)
def test_every_shape_is_taken_up_bit_for_bit(model: Path, tmp_path: Path, lora: Lora) -> None:
    whole = opened(model, tmp_path / "whole", lora)
    halfway = trained(whole, "step-000002")
    whole_address = trained(whole, "step-000004")
    taken_up = opened(model, tmp_path / "again", lora)
    assert taken_up.restore(halfway) == 2
    again = trained(taken_up, "step-000004")
    for name in ("adapter_model.safetensors", "optimizer.safetensors", "adapter_config.json"):
        assert (Path(again) / name).read_bytes() == (Path(whole_address) / name).read_bytes()


FIRST = [LORA, Lora(rank=3, alpha=5, use_rslora=True, target_modules=("q_proj", "up_proj"))]


@pytest.mark.parametrize("first", FIRST, ids=str)
@pytest.mark.parametrize("second", [SHAPES[0], SHAPES[1], SHAPES[2]], ids=str)
def test_a_new_adapter_on_a_merged_one_is_one_adapter_of_the_base(
    model: Path, tmp_path: Path, first: Lora, second: Lora
) -> None:
    start = trained(opened(model, tmp_path / "1", first), "step-000002")
    ours = opened(model, tmp_path / "2", second, start=start, merge=True)
    tokens = torch.tensor([batch()[0].tokens])
    with torch.inference_mode():
        first_answer = ours._model(tokens).logits
    # the same sums in another order: the last bits of merged weights differ
    torch.testing.assert_close(first_answer, logits_of(model, start), rtol=1e-3, atol=1e-4)
    halfway = trained(ours, "step-000002")
    with torch.inference_mode():
        now = ours._model(tokens).logits
    torch.testing.assert_close(logits_of(model, halfway), now, rtol=1e-3, atol=1e-4)
    assert not torch.allclose(now, logits_of(model, start), atol=1e-2)
    whole = trained(ours, "step-000004")
    taken_up = opened(model, tmp_path / "3", second, start=start, merge=True)
    taken_up.restore(halfway)
    again = trained(taken_up, "step-000004")
    for name in ("adapter_model.safetensors", "optimizer.safetensors", "adapter_config.json"):
        assert (Path(again) / name).read_bytes() == (Path(whole) / name).read_bytes()
    adapter = read_adapter(Path(whole))  # served like any other
    assert adapter.rank == first.rank + second.rank
    assert adapter.scaling == pytest.approx(
        second.alpha / second.rank ** (0.5 if second.use_rslora else 1)
    )


def test_dora_is_continued_and_not_merged(model: Path, tmp_path: Path) -> None:
    dora = SHAPES[3]
    start = trained(opened(model, tmp_path / "1", dora), "step-000002")
    with pytest.raises(ModelError, match=r'continue it: stage2 = "continue", use_dora') as caught:
        opened(model, tmp_path / "2", LORA, start=start, merge=True)
    assert "\n" not in str(caught.value)
    with pytest.raises(
        ModelError, match=r"its use_dora is True.*must be equal to continue an ad"
    ) as told:
        opened(model, tmp_path / "2", LORA, start=start)
    assert "merge_then_new" not in str(told.value)
    ours = opened(model, tmp_path / "2", dora, start=start)
    with torch.inference_mode():
        now = ours._model(torch.tensor([batch()[0].tokens])).logits
    torch.testing.assert_close(logits_of(model, start), now)


def test_an_adapter_of_another_base_is_not_merged(model: Path, tmp_path: Path) -> None:
    start = trained(opened(model, tmp_path / "1", LORA), "step-000002")
    other = tiny_model(tmp_path / "other")
    with pytest.raises(ModelError, match=r"an adapter of .* this run's model is"):
        opened(other, tmp_path / "2", LORA, start=start, merge=True)


def test_steps_that_move_nothing_leave_no_checkpoint(model: Path, tmp_path: Path) -> None:
    ours = opened(model, tmp_path, LORA)
    ours.step(batch(), 0.0)
    with pytest.raises(TrainingFault, match="not moved one weight"):
        ours.save("step-000001")
    assert not list(tmp_path.iterdir())


def test_too_little_memory_says_what_to_lower(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = opened(model, tmp_path, LORA)

    def short(_: Pack) -> torch.Tensor:
        return torch.empty(2**50)  # what torch says itself when there is no room

    monkeypatch.setattr(ours, "_nats", short)
    with pytest.raises(TrainingFault, match=r"step 1: out of memory.*lower pack_tokens"):
        ours.step(batch(), 1e-3)


def test_a_long_gradient_is_shortened_and_told_as_it_was(model: Path, tmp_path: Path) -> None:
    files = find_model(str(model))
    free, held = (
        TorchTrainer(files, tmp_path, lora=LORA, seed=0, pack_tokens=1000, max_grad_norm=longest)
        for longest in (1e9, 1e-3)
    )
    steps = [made.step(batch(), 1e-3) for made in (free, held)]
    assert steps[0] == steps[1]  # what is told is measured before
    moments = [
        [float(made._optimiser.state[value]["exp_avg"].norm()) for value in made._named.values()]
        for made in (free, held)
    ]
    ratios = [ours / theirs for theirs, ours in zip(*moments, strict=True) if theirs]
    expected = 1e-3 / steps[0].grad_norm
    assert ratios == pytest.approx([expected] * len(ratios), rel=1e-3)
