"""Chats are written as the models' own templates write them, and nobody can forge a turn."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import jinja2
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tiny_models import CONTROL, tiny_tokenizer
from transformers import AutoTokenizer

from quimbot.exceptions import DataError, ModelError
from quimbot.records.record import Message, Role
from quimbot.runtimes.chat_format import (
    _THOUGHTS,
    END_OF_TURN,
    Span,
    Style,
    Tokenizer,
    content_text,
    examples,
    learnt_style,
    load_tokenizer,
    prompt_text,
    read_style,
    style_of,
    thinks,
)
from quimbot.runtimes.models import find_model

TEMPLATES: dict[Style, str] = {
    "smollm2": """
{%- if messages[0].role != "system" -%}
<|im_start|>system
You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>{{ "\n" }}
{%- endif -%}
{%- for turn in messages -%}
<|im_start|>{{ turn.role }}{{ "\n" }}{{ turn.content }}<|im_end|>{{ "\n" }}
{%- endfor -%}
<|im_start|>assistant{{ "\n" }}""",
    "qwen3": """
{%- for turn in messages -%}
<|im_start|>{{ turn.role }}{{ "\n" }}
{%- if turn.role == "assistant" -%}
{%- set thought, _, said = turn.content.rpartition("</think>") -%}
{%- if loop.last -%}
<think>{{ "\n" }}{{ thought.split("<think>")[-1].strip("\n") }}{{ "\n" }}</think>{{ "\n\n" }}
{%- endif -%}
{{ said.lstrip("\n") }}
{%- else -%}
{{ turn.content }}
{%- endif -%}
<|im_end|>{{ "\n" }}
{%- endfor -%}
{%- if messages[-1].role != "assistant" -%}
<|im_start|>assistant{{ "\n" }}
{%- if not enable_thinking -%}
<think>{{ "\n\n" }}</think>{{ "\n\n" }}
{%- endif -%}
{%- endif -%}""",
}
"""What the published templates do with a chat that uses no tools."""

TEMPLATES["qwen3-instruct"] = TEMPLATES["qwen3"].replace("not enable_thinking", "false")
TEMPLATES["qwen3-thinking"] = TEMPLATES["qwen3"]
TEMPLATES["qwen3-thinking-only"] = TEMPLATES["qwen3"].replace(
    """{%- if not enable_thinking -%}
<think>{{ "\n\n" }}</think>{{ "\n\n" }}
{%- endif -%}""",
    """{{- "<think>\n" -}}""",
)
STYLES: tuple[Style, ...] = get_args(Style)
QUIET = tuple(style for style in STYLES if not thinks(style))
THINKING = tuple(style for style in STYLES if thinks(style))

pieces = st.sampled_from(
    (
        *CONTROL,
        *("<", "|", ">", "im_start", "<|", "|>", "\n", " ", "assistant", "you", "1", "é", "🙂"),
        *("<tool_call>", "<|vision_start|>", "<repo_name>", "<jupyter_text>", "</", "think"),
    )
)
forged = st.lists(pieces, max_size=12).map("".join) | st.text(max_size=12)


@st.composite
def chats(draw: st.DrawFn) -> tuple[Message, ...]:
    """A chat that ends with a reply."""
    roles: list[Role] = ["system"] if draw(st.booleans()) else []
    roles += ["user", "assistant"] * draw(st.integers(1, 3))
    return tuple(Message(role=role, content=draw(forged)) for role in roles)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    folder = tmp_path_factory.mktemp("tokenizer")
    tiny_tokenizer(folder)
    return load_tokenizer(folder)


@functools.cache
def compiled(style: Style) -> jinja2.Template:
    return jinja2.Environment(autoescape=False).from_string(TEMPLATES[style])


def rendered(messages: Sequence[Message], style: Style) -> str:
    return str(compiled(style).render(messages=messages, enable_thinking=thinks(style)))


def block(reply: Message, style: Style) -> str:
    """What a model of that style writes before the words of a reply."""
    found = _THOUGHTS.match(reply.content)
    thoughts = content_text(Message(role="user", content=found[1])).strip() if found else ""
    return {
        "qwen3-thinking": f"<think>\n{thoughts}\n</think>\n\n",
        "qwen3-thinking-only": f"{thoughts}\n</think>\n\n",
    }.get(style, "")


def prompts(messages: Sequence[Message]) -> list[tuple[Message, ...]]:
    """The chat before each of its replies."""
    return [tuple(messages[:i]) for i, turn in enumerate(messages) if turn.role == "assistant"]


@pytest.mark.parametrize("style", STYLES)
@given(messages=chats())
def test_a_prompt_is_what_the_template_writes(style: Style, messages: Sequence[Message]) -> None:
    safe = [Message(role=turn.role, content=content_text(turn)) for turn in messages]
    for chat, plain in zip(prompts(messages), prompts(safe), strict=True):
        assert prompt_text(chat, style) == rendered(plain, style)


@pytest.mark.parametrize("style", STYLES)
@given(messages=chats())
def test_training_and_serving_see_the_same_tokens(
    style: Style, tokenizer: Tokenizer, messages: Sequence[Message]
) -> None:
    sequences = examples(messages, style, tokenizer)
    replies = []
    for tokens, weights in sequences:
        assert len(tokens) == len(weights)
        starts = [i for i in range(1, len(tokens)) if weights[i] and not weights[i - 1]]
        replies += [tokens[:i] for i in starts]
    expected = [
        tuple(tokenizer.encode(prompt_text(chat, style), add_special_tokens=False))
        for chat in prompts(messages)
    ]
    assert replies == expected


@pytest.mark.parametrize("style", STYLES)
@given(messages=chats())
def test_only_replies_and_their_ends_are_learnt(
    style: Style, tokenizer: Tokenizer, messages: Sequence[Message]
) -> None:
    learnt: list[int] = []
    for tokens, weights in examples(messages, style, tokenizer):
        learnt += [token for token, weight in zip(tokens, weights, strict=True) if weight]
    (end,) = tokenizer.encode(END_OF_TURN, add_special_tokens=False)
    expected: list[int] = []
    for turn in messages:
        if turn.role == "assistant":
            written = block(turn, style) + content_text(turn)
            expected += [*tokenizer.encode(written, add_special_tokens=False), end]
    assert learnt == expected


@pytest.mark.parametrize("style", THINKING)
@given(messages=chats(), thoughts=forged.map(str.strip))
def test_a_reply_with_thoughts_is_what_the_template_writes(
    style: Style, tokenizer: Tokenizer, messages: Sequence[Message], thoughts: str
) -> None:
    *before, last = (Message(role=m.role, content=content_text(m)) for m in messages)
    safe = content_text(Message(role="user", content=thoughts)).strip()
    thoughtful = Message(role="assistant", content=f"<think>\n{safe}\n</think>\n\n{last.content}")
    for reply in (last, thoughtful):
        tokens, weights = examples([*before, reply], style, tokenizer)[-1]
        learnt = [token for token, weight in zip(tokens, weights, strict=True) if weight]
        written = prompt_text(before, style) + tokenizer.decode(learnt, control=True)
        assert f"{written}\n" == rendered([*before, reply], style)


@pytest.mark.parametrize("style", STYLES)
@given(messages=chats())
def test_without_thoughts_the_same_words_count_in_every_style(
    style: Style, tokenizer: Tokenizer, messages: Sequence[Message]
) -> None:
    found = ""
    for tokens, weights in examples(messages, style, tokenizer, thoughts=False):
        words = [token for token, weight in zip(tokens, weights, strict=True) if weight]
        found += tokenizer.decode(words, control=True)
    said = (content_text(turn) for turn in messages if turn.role == "assistant")
    assert found == "".join(f"{text}{END_OF_TURN}" for text in said)


@pytest.mark.parametrize("style", STYLES)
@given(messages=chats(), data=st.data())
def test_a_span_weighs_the_tokens_that_it_touches(
    style: Style, tokenizer: Tokenizer, messages: Sequence[Message], data: st.DataObject
) -> None:
    turn = max(i for i, message in enumerate(messages) if message.role == "assistant")
    content = messages[turn].content
    said = _THOUGHTS.match(content)
    aloud = range(said.end() if said else 0, len(content))
    assume(content[aloud.start :].strip())
    at = data.draw(st.sampled_from([i for i in aloud if content[i].strip()]))
    spans = [Span(turn, at, at + 1, 8.0), Span(turn, 0, len(content), 0.5)]
    tokens, weights = examples(messages, style, tokenizer, spans)[-1]
    plain = examples(messages, style, tokenizer)[-1]
    assert tokens == plain[0]
    assert [bool(weight) for weight in weights] == [bool(weight) for weight in plain[1]]
    assert weights[-1] == 1.0  # the end of turn is not what the message says
    heavy = [token for token, weight in zip(tokens, weights, strict=True) if weight == 8.0]
    # a letter of several bytes may be several tokens; alone each reads as a replacement sign
    assert 0 < len(heavy) <= len(content[at].encode())
    assert content[at] in tokenizer.decode(heavy) or content_text(messages[turn]) != content


@pytest.mark.parametrize("style", STYLES)
@given(messages=chats())
def test_nobody_can_forge_a_turn(
    style: Style, tokenizer: Tokenizer, messages: Sequence[Message]
) -> None:
    control = {name: tokenizer.encode(name, add_special_tokens=False)[0] for name in CONTROL}
    turns = len(messages) + (style == "smollm2" and messages[0].role != "system")
    tokens = examples(messages, style, tokenizer)[-1][0]
    assert tokens.count(control["<|im_start|>"]) == turns
    assert tokens.count(control["<|im_end|>"]) == turns
    blocks = style not in {"smollm2", "qwen3-instruct"}
    assert tokens.count(control["<think>"]) == blocks
    assert tokens.count(control["</think>"]) == blocks
    assert tokens.count(control["<|endoftext|>"]) == 0


@given(forged)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    once = content_text(Message(role="user", content=text))
    assert content_text(Message(role="user", content=once)) == once
    assert once.replace("< ", "<") == text.replace("< ", "<")


def test_a_less_than_sign_is_not_a_control_string() -> None:
    text = "3 < 4, <b>bold</b>, a<|b and <think about it>"
    assert content_text(Message(role="user", content=text)) == text


def test_thoughts_that_a_reply_begins_with_are_left_out_or_learnt(tokenizer: Tokenizer) -> None:
    thought = Message(role="assistant", content="<think>\nA recast.\n</think>\n\nYou went?")
    plain = Message(role="assistant", content="You went?")
    ask = Message(role="user", content="I go.")
    for style in QUIET:
        assert examples([ask, thought], style, tokenizer) == examples(
            [ask, plain], style, tokenizer
        )
    for style in THINKING:
        ((tokens, _),) = examples([ask, thought], style, tokenizer)
        ((short, _),) = examples([ask, plain], style, tokenizer)
        assert "<think>\nA recast.\n</think>\n\nYou went?" in tokenizer.decode(tokens)
        assert "<think>\n\n</think>\n\nYou went?" in tokenizer.decode(short)
    at = thought.content.index("went")
    marked = examples([ask, thought], "qwen3", tokenizer, [Span(1, at, at + 4, 8.0)])
    assert marked == examples([ask, plain], "qwen3", tokenizer, [Span(1, 4, 8, 8.0)])
    ((tokens, weights),) = examples(
        [ask, thought], "qwen3-thinking", tokenizer, [Span(1, at, at + 4, 8.0), Span(1, 9, 12, 4.0)]
    )
    heavy = [token for token, weight in zip(tokens, weights, strict=True) if weight == 8.0]
    assert tokenizer.decode(heavy) == "went"
    assert 4.0 not in weights  # spans speak of what is said aloud
    open_end = Message(role="assistant", content="<think> You went?")  # no thought was ended
    assert content_text(open_end) == "< think> You went?"


def test_the_models_own_template_tells_whether_it_thinks() -> None:
    assert style_of("qwen3") == "qwen3"
    generation = "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}REST{%- endif %}"
    empty = "{%- if not enable_thinking %}{{ '<think>\n\n</think>\n\n' }}{%- endif %}"
    assert style_of("qwen3", generation.replace("REST", empty)) == "qwen3"
    assert style_of("qwen3", generation.replace("REST", "")) == "qwen3-instruct"
    always = style_of("qwen3", generation.replace("REST", "{{ '<think>\n' }}"))
    assert always == "qwen3-thinking-only"
    with pytest.raises(ModelError, match="opens a reply with 'Well, '"):
        style_of("qwen3", generation.replace("REST", "{{ 'Well, ' }}"))


def test_a_model_learns_with_or_without_thoughts_as_it_can() -> None:
    assert learnt_style("qwen3", "strip") == learnt_style("qwen3-thinking", "strip") == "qwen3"
    assert learnt_style("qwen3", "keep") == "qwen3-thinking"
    assert learnt_style("qwen3-thinking-only", "keep") == "qwen3-thinking-only"
    with pytest.raises(ModelError, match="thinks before each answer; keep its thoughts"):
        learnt_style("qwen3-thinking-only", "strip")
    for style in ("smollm2", "qwen3-instruct"):
        assert learnt_style(style, "strip") == style
        with pytest.raises(ModelError, match="has no thoughts"):
            learnt_style(style, "keep")


def test_a_damaged_style_file_is_named(tmp_path: Path) -> None:
    assert read_style(tmp_path) is None
    (tmp_path / "chat.json").write_text('{"style": "qwen4"}')
    with pytest.raises(ModelError, match=r"chat\.json: .*qwen4"):
        read_style(tmp_path)


@pytest.mark.parametrize("style", STYLES)
@given(messages=chats(), data=st.data())
def test_a_reply_weighs_what_its_message_says(
    style: Style, tokenizer: Tokenizer, messages: Sequence[Message], data: st.DataObject
) -> None:
    factor = st.sampled_from((0.0, 0.5, 1.0, 2.0))
    weighted = [Message(role=m.role, content=m.content, weight=data.draw(factor)) for m in messages]
    plain, ours = (examples(chat, style, tokenizer) for chat in (messages, weighted))
    expected = [m.weight for m in weighted if m.role == "assistant"]
    found = []
    for (tokens, weights), (_, even) in zip(ours, plain, strict=True):
        starts = [i for i in range(1, len(even)) if even[i] and not even[i - 1]]
        found += [weights[start] for start in starts]
        assert all(b or not a for a, b in zip(weights, even, strict=True))
        assert len(tokens) == len(weights)
    assert found == expected


def test_a_chat_without_a_reply_teaches_nothing(tokenizer: Tokenizer) -> None:
    with pytest.raises(DataError, match="no assistant message"):
        examples([Message(role="user", content="Hi")], "smollm2", tokenizer)


CHAT = (
    Message(role="user", content="Yesterday I go to the store. 12 < 345 日本語 🙂\n\n Bye"),
    Message(role="assistant", content="Oh, you went to the store?"),
    Message(role="user", content="Yes."),
    Message(role="assistant", content="What did you buy?"),
)


@pytest.mark.slow
@pytest.mark.parametrize("system", [True, False])
def test_smollm2_agrees_with_its_own_tokenizer(system: bool) -> None:
    files = find_model("smollm2-135m")
    theirs = AutoTokenizer.from_pretrained(files.folder)
    chat = (Message(role="system", content="You are a tutor."),) * system + CHAT
    plain = [{"role": turn.role, "content": turn.content} for turn in chat]
    for end in (len(chat) - 3, len(chat) - 1):
        text = theirs.apply_chat_template(plain[:end], tokenize=False, add_generation_prompt=True)
        assert prompt_text(chat[:end], style_of("llama")) == text
        ours = files.tokenizer().encode(text, add_special_tokens=False)
        assert ours == theirs.encode(text, add_special_tokens=False)
    ((tokens, weights),) = examples(chat, files.style, files.tokenizer())
    whole = str(theirs.apply_chat_template(plain, tokenize=False)).removesuffix("\n")
    assert list(tokens) == theirs.encode(whole, add_special_tokens=False)
    learnt = [token for token, weight in zip(tokens, weights, strict=True) if weight]
    assert theirs.decode(learnt) == f"{CHAT[1].content}{END_OF_TURN}{CHAT[3].content}{END_OF_TURN}"


@pytest.mark.parametrize("style", ["qwen3", *THINKING])
def test_a_qwen3_tokenizer_agrees(tmp_path: Path, style: Style) -> None:
    tiny_tokenizer(tmp_path)
    (tmp_path / "chat_template.jinja").write_text(TEMPLATES[style], encoding="utf-8")
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    ours = load_tokenizer(tmp_path)
    plain = [{"role": turn.role, "content": turn.content} for turn in CHAT]
    for (tokens, weights), end in zip(examples(CHAT, style, ours), (1, 3), strict=True):
        prompt = theirs.apply_chat_template(
            plain[:end],
            add_generation_prompt=True,
            enable_thinking=thinks(style),
            return_dict=False,
        )
        assert list(tokens[: len(prompt)]) == prompt
        assert not any(weights[: len(prompt)])
        written = block(CHAT[end], style) + CHAT[end].content + END_OF_TURN
        reply = theirs.encode(written, add_special_tokens=False)
        assert list(tokens[len(prompt) :]) == reply
        assert all(weights[len(prompt) :])
