"""What people write into a chapter: the plain part of Markdown, read once for page and PDF alike.

Paragraphs, headings below the chapter's, lists, quotations, strong and emphasised words, and links.
Neither reader is handed markup: both get the same blocks of text, and whatever else was written (HTML,
pictures, code) stays the letters that it is.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

# A link leads elsewhere: an address of ours would be none in a file.
SCHEMES = ("https://", "http://", "mailto:")
RULES = ["heading", "list", "blockquote", "emphasis", "link", "newline", "escape"]
KINDS = {"bullet_list": "list", "ordered_list": "steps", "blockquote": "quote", "list_item": "item"}

Block = dict[str, Any]


def blocks_of_text(text: str) -> list[Block]:
    """Return what somebody wrote as blocks: each has a kind, and spans of text or blocks of its own.

    An empty line begins a new paragraph, and lines stay lines. A text that nests deeper than the library
    reads, which passes over what lies beyond, is paragraphs as it was written.
    """
    reader = MarkdownIt("zero").enable(RULES)
    tokens = reader.parse(text)
    if max((token.level for token in tokens), default=0) + 1 >= reader.options["maxNesting"]:
        tokens = MarkdownIt("zero").enable("newline").parse(text)
    return [_block(node) for node in SyntaxTreeNode(tokens).children]


def _block(node: SyntaxTreeNode) -> Block:
    if node.type in KINDS:
        parts = [_block(child) for child in node.children]
        return {"kind": KINDS[node.type], "blocks": parts, "start": int(node.attrs.get("start", 1))}
    kind = "heading" if node.type == "heading" else "paragraph"
    return {"kind": kind, "spans": list(_spans(node.children))}


def _spans(
    nodes: Sequence[SyntaxTreeNode], *, strong: bool = False, emphasised: bool = False, url: str = ""
) -> Iterator[dict[str, Any]]:
    """Yield pieces of text with how they stand out; a line that ends is a piece of its own."""
    for node in nodes:
        is_break = node.type in ("softbreak", "hardbreak")
        if is_break or not node.children:
            said = {"strong": strong, "emphasised": emphasised, "url": url, "is_break": is_break}
            yield {"text": "" if is_break else node.content, **said}
            continue
        yield from _spans(
            node.children,
            strong=strong or node.type == "strong",
            emphasised=emphasised or node.type == "em",
            url=_leads_to(node) if node.type == "link" else url,
        )


def _leads_to(node: SyntaxTreeNode) -> str:
    """Return where a link leads; "" for what no reader of a file could follow."""
    address = str(node.attrs.get("href", ""))
    return address if address.lower().startswith(SCHEMES) else ""
