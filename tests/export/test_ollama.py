"""The template that Ollama gets writes a chat as training did."""

import re
from collections.abc import Sequence
from typing import get_args

import pytest

from quimbot.export.ollama import modelfile, template
from quimbot.records.record import Message
from quimbot.runtimes.chat_format import Style, prompt_text

CHAT = [
    Message(role="system", content="You are a tutor."),
    Message(role="user", content="I go yesterday."),
    Message(role="assistant", content="You went? Where?"),
    Message(role="user", content="To CONTENT and the system."),
]


def rendered(go_template: str, messages: Sequence[Message]) -> str:
    """What Go's template engine makes of `{{ range .Messages }}…{{ end }}…`."""
    found = re.fullmatch(r"\{\{ range \.Messages \}\}(.*)\{\{ end \}\}(.*)", go_template, re.DOTALL)
    assert found
    body, rest = found.groups()
    assert set(re.findall(r"\{\{.*?\}\}", body + rest)) == {"{{ .Role }}", "{{ .Content }}"}
    turns = (
        body.replace("{{ .Role }}", m.role).replace("{{ .Content }}", m.content) for m in messages
    )
    return "".join(turns) + rest


@pytest.mark.parametrize("style", get_args(Style))
def test_template_is_the_chat_format(style: Style) -> None:
    assert rendered(template(style), CHAT) == prompt_text(CHAT, style)


def test_modelfile() -> None:
    lines = modelfile("quimbot-q8_0.gguf", "smollm2", CHAT[0])
    assert lines.startswith('FROM ./quimbot-q8_0.gguf\nTEMPLATE """{{ range')
    assert 'PARAMETER stop "<|im_end|>"\n' in lines
    assert lines.endswith('SYSTEM """You are a tutor."""\n')
