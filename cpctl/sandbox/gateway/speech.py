"""What the sandbox's models say: the same words for the same question, and plainly no model's words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b
from itertools import cycle, islice
from typing import Final, NamedTuple

from cpctl.sandbox.gateway.pieces import count, is_chinese

QUOTED: Final = 60  # characters of the question an answer repeats
LONGEST: Final = 8_000  # pieces of an answer that was asked to be long
WANTED: Final = re.compile(r"([1-9]\d{1,4})\s*(?:字|词|个字|tokens?|words?|characters?)", re.IGNORECASE)


class Language(NamedTuple):
    """The sentences of one language; `{model}`, `{place}` and `{question}` are filled in."""

    opening: str
    quoting: str
    result: str
    thought: str
    closing: tuple[str, ...]


CHINESE: Final = Language(
    opening="【沙箱模拟回答】这段话由 cpctl 沙箱生成，不是 {model} 的真实输出（来源：{place}）。",
    quoting="您的问题是“{question}”。",
    result="工具返回了“{question}”。",
    thought="（沙箱模拟的思考过程）先看问题在问什么，再说明这里没有真实模型，最后给出固定的示例回答。",
    closing=(
        "接入真实平台后，同一条命令会得到模型的回答。",
        "用量与价格按真实规则计算，但不会产生实际扣费。",
        "沙箱的目录、订单和账单都在本机，重置后会恢复原样。",
        "同一个问题在这里总是得到同一个回答，便于测试。",
        "流式输出、结构化输出和工具调用的格式与真实服务一致。",
    ),
)
ENGLISH: Final = Language(
    opening="[Sandbox answer] The cpctl sandbox wrote this; it is not the output of {model} (source: {place}).",
    quoting=' You asked: "{question}".',
    result=' The tool returned: "{question}".',
    thought="(Simulated reasoning.) Read the question, say that no model runs here, then give the example.",
    closing=(
        " On a real platform the same command returns the model's own words.",
        " Usage and prices follow the real rules, but no money moves.",
        " The catalogue, orders and bills are on this machine and a reset restores them.",
        " The same question always gets the same answer here, which suits tests.",
        " Streaming, structured output and tool calls have the form of the real service.",
    ),
)


class Topic(NamedTuple):
    """What an answer is about: the model asked, who serves it, the question, and whether a tool has spoken."""

    model: str
    place: str
    question: str
    is_result: bool = False

    @property
    def language(self) -> Language:
        """The question's language."""
        return CHINESE if is_chinese(self.question) else ENGLISH

    def filled(self, sentence: str) -> str:
        """A sentence with its values; the question is shortened."""
        question = self.question if len(self.question) <= QUOTED else self.question[:QUOTED] + "…"
        return sentence.format(model=self.model, place=self.place, question=question)


def chosen(topic: Topic) -> int:
    """A number that stands for the topic."""
    text = f"{topic.model}\0{topic.question}".encode("utf-8", "replace")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


def answer(topic: Topic) -> str:
    """The answer: what this is, what was asked, two sentences more, or as many as the question wants."""
    language = topic.language
    first = topic.filled(language.opening) + topic.filled(language.result if topic.is_result else language.quoting)
    return first + "".join(_further(topic, count(first)))


def _further(topic: Topic, said: int) -> Iterator[str]:
    """Sentences until the wanted length is reached, two at least."""
    sentences = topic.language.closing
    start = chosen(topic) % len(sentences)
    turns = islice(cycle(sentences), start, None)
    yield from islice(turns, 2)
    wanted = wanted_length(topic.question) - said
    while wanted > 0:
        sentence = next(turns)
        yield sentence
        wanted -= count(sentence)


def wanted_length(question: str) -> int:
    """How many pieces the question asks for (`写 500 字`, `in 300 words`); 0 when it does not say."""
    found = WANTED.search(question)
    return min(int(found[1]), LONGEST) if found else 0


def thought(topic: Topic) -> str:
    """What a reasoning model thinks before it answers."""
    return topic.language.thought
