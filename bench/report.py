"""Makes docs/performance.md and its chart of what the last runs left in build/bench.

python -m bench.report
"""

import re
import sys
from pathlib import Path

from bench.__main__ import LONG, NAMES, RESULTS

DOCS = Path("docs")
TITLES = {
    "plain": "One large object over plain HTTP, CRC32C as proof",
    "tls": "The same over TLS, in and out",
    "md5": "The same with MD5 as proof, on both processors",
    "memory": "At other sizes",
    "signed": "64 MiB from an S3 server that checks signatures (rclone's)",
    "small": "Objects of 10 KiB, 16 clients",
    "steps": "Their steps, each alone, without gunicorn and its threads",
    "threads": "The same over workers and threads",
    "filling": "The same while the bucket fills",
    "starting": "Starting",
    "far": "1 GiB from far away, three turns",
    "attack": "Clients that leave things half done, for a minute each",
    "limited": "1 GiB from a source that gives each connection 50 MB/s, three turns",
}
WIDTH, BAR, GAP, LABEL = 640, 22, 10, 220


def main() -> int:
    texts = {name: _read(name) for name in (*NAMES, *LONG)}
    parts = [Path(__file__).with_name("introduction.md").read_text().rstrip()]
    parts += [f"## {TITLES[name]}\n\n{text}" for name, text in texts.items() if text]
    (DOCS / "performance.md").write_text("\n\n".join(parts) + "\n")
    (DOCS / "performance.svg").write_text(chart(texts["plain"], texts["small"]))
    return 0


def chart(large: str, small: str) -> str:
    """Return two groups of bars: CPU per GiB, shorter is better, and messages per second."""
    groups = [
        ("1 GiB object: CPU seconds per GiB (less is better)", _column(large, 2)),
        ("10 KiB objects: messages per second (more is better)", _column(small, 1)),
    ]
    lines: list[str] = []
    y = 24
    for title, bars in groups:
        lines.append(f'<text x="8" y="{y}" font-weight="bold">{title}</text>')
        y += 14
        longest = max(value for _, value in bars)
        for name, value in bars:
            width = round(value / longest * (WIDTH - LABEL - 70))
            colour = "#1a73e8" if name == "Landfall" else "#9aa0a6"
            lines += [
                f'<text x="{LABEL - 8}" y="{y + 16}" text-anchor="end">{name}</text>',
                f'<rect x="{LABEL}" y="{y}" width="{width}" height="{BAR}" fill="{colour}"/>',
                f'<text x="{LABEL + width + 6}" y="{y + 16}">{value:g}</text>',
            ]
            y += BAR + GAP
        y += 26
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y - 20}" '
    head += (
        'font-family="sans-serif" font-size="14"><rect width="100%" height="100%" fill="white"/>'
    )
    return "\n".join([head, *lines, "</svg>", ""])


def _column(text: str, index: int) -> list[tuple[str, float]]:
    """Return the first number of a column, by the name in the first one."""
    found = []
    for line in text.splitlines()[2:]:
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        number = re.match(r"[\d.]+", cells[index])
        if number:
            name = cells[0].replace("*", "").replace("`", "").replace("\\|", "|")
            found.append((name, float(number[0])))
    return found


def _read(name: str) -> str:
    file = RESULTS / f"{name}.md"
    return file.read_text().strip() if file.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
