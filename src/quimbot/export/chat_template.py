"""The chat format as a Jinja template for vLLM, made from the one place that defines it."""

import json

from quimbot.records.record import Message
from quimbot.runtimes.chat_format import END_OF_TURN, Style, prompt_text

_CONTENT = "CONTENT"
_TAGS = ("think", "tool_call", "tool_response", "tools")
_NAMES = ("reponame", "repo_name", "file_sep", "filename", "gh_stars", "empty_output")
_OPENINGS = (
    "<|",
    *(f"<{slash}{tag}>" for tag in _TAGS for slash in ("", "/")),
    *(f"<{name}>" for name in _NAMES),
    "<issue_",
    "<jupyter_",
)
"""What begins a control string: as in `chat_format`, a space is put behind its `<`."""


def template(style: Style) -> str:
    """The template; what people write can open and close a turn in it no more than in training."""
    example = prompt_text([Message(role="user", content=_CONTENT)], style)
    default, start, rest = example.partition("<|im_start|>user\n")
    _, end, opening = rest.partition(f"{END_OF_TURN}\n")
    harmless = "".join(f".replace({o!r}, {o.replace('<', '< ', 1)!r})" for o in _OPENINGS)
    turns = start.replace("user", "{{ message.role }}").rstrip("\n") + "{{ '\\n' }}"
    parts = [
        "{% if not messages or messages[0].role != 'system' %}" if default else "",
        f"{{{{ {json.dumps(default)} }}}}{{% endif %}}" if default else "",
        "{% for message in messages %}",
        f"{{% set content = message.content{harmless} %}}",
        turns,
        "{{ content | trim if message.role == 'assistant' else content }}",
        f"{{{{ {json.dumps(end)} }}}}",
        "{% endfor %}",
        f"{{% if add_generation_prompt %}}{{{{ {json.dumps(opening)} }}}}{{% endif %}}",
    ]
    return "".join(parts)
