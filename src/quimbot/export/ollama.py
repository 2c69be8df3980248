"""The Modelfile with which Ollama runs an exported tutor exactly as it was trained."""

from quimbot.records.record import Message
from quimbot.runtimes.chat_format import END_OF_TURN, Style, prompt_text

_CONTEXT = 4096
_CONTENT = "CONTENT"


def modelfile(weights: str, style: Style, prompt: Message) -> str:
    """The Modelfile for a GGUF file beside it, with the tutor's system prompt.

    A tutor always has its system prompt, so the template needs no default one.
    """
    return "\n".join(
        [
            f"FROM ./{weights}",
            f'TEMPLATE """{template(style)}"""',
            f'PARAMETER stop "{END_OF_TURN}"',
            f"PARAMETER num_ctx {_CONTEXT}",
            "PARAMETER temperature 0",
            f'SYSTEM """{prompt.content}"""',
            "",
        ]
    )


def template(style: Style) -> str:
    """The chat format as a Go template, made from the one place that defines it."""
    example = prompt_text([Message(role="system", content=_CONTENT)], style)
    turn, opening = example.split(f"{END_OF_TURN}\n")
    body = turn.replace("system", "{{ .Role }}").replace(_CONTENT, "{{ .Content }}")
    return "{{ range .Messages }}" + f"{body}{END_OF_TURN}\n" + "{{ end }}" + opening
