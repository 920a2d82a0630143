#!/usr/bin/env python3
"""Every ```swift block of README.md and Docs/ stands, line by line, in a file that CI compiles.

Indentation and blank lines do not count. A block that begins with `// swift-tools-version` or
`.package(` is a manifest and is passed over; so is one fenced as ```swift no-compile.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def lines(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


def main():
    compiled = {}
    for folder in ("Snippets", "Studies/Sources"):
        for path in sorted((ROOT / folder).rglob("*.swift")):
            compiled[path] = "\n" + "\n".join(lines(path.read_text())) + "\n"
    failed = checked = 0
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "Docs").rglob("*.md"))]
    for page in pages:
        if not page.exists():
            continue
        for match in re.finditer(r"^```swift[ \t]*\n(.*?)^```", page.read_text(), re.S | re.M):
            block = lines(match.group(1))
            if not block or block[0].startswith(("// swift-tools-version", ".package(")):
                continue
            checked += 1
            needle = "\n" + "\n".join(block) + "\n"
            if not any(needle in text for text in compiled.values()):
                line = page.read_text()[: match.start()].count("\n") + 1
                print(f"fences: {page.relative_to(ROOT)}:{line}: no snippet holds this block")
                failed += 1
    print(f"fences: {checked} blocks of Swift in the documentation, {failed} not compiled")
    return 1 if failed else 0


sys.exit(main())
