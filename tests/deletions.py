#!/usr/bin/env python3
"""Takes one statement at a time out of `src/`, and says which of them no test misses.

Rebuilding code, one forgets a field in a reset, a flag that is to be cleared, a call that counts. So here a mutant is the source
without one assignment, without one of the fields that a tuple is assigned to, without one call that stands as a statement, or
without one field of a struct that takes the others from another value. `tests/mutants.py` makes other faults; its one build for
all mutants, its runs and its reports are used as they are.

    tests/deletions.py FOLDER                          every statement, one after the other
    tests/deletions.py FOLDER --re 'src/timeline'      only those whose name matches
    tests/deletions.py FOLDER --sample 60 --seed 1     so many of them, drawn by lot
    tests/deletions.py FOLDER --folders src/cut src/audio src/apply.rs

FOLDER is kept outside the repository, and is another one than that of `tests/mutants.py`.
"""

import hashlib
import json
import pathlib
import random
import re

import mutants

FOLDERS = ["src/engine", "src/timeline", "src/playlist", "src/cut", "src/apply", "src/audio", "src/demux", "src/mux"]

TARGET = r"\*?[A-Za-z_][\w.]*(?:\[[^\]]*\])?"
ASSIGNMENT = re.compile(rf"({TARGET})\s*(?:[-+*/|&^]|<<|>>)?=(?!=)\s*")
TUPLE = re.compile(r"\(([^()]*)\)\s*=(?!=)\s*")
CALL = re.compile(r"(?!(?:return|break|continue|if|match|while|for|loop|let|use|const|static)\b)[A-Za-z_][\w.:<>]*\(")
FUNCTION = re.compile(r"\bfn (\w+)")
OWNER = re.compile(r"^impl\b(?:<[^{]*?>)?\s+(?:[^{]*?\bfor\s+)?([\w:]+)", re.MULTILINE)


def masked(text):
    """Returns the text with comments and literals made blank, braces within them too."""
    blank = lambda found: found[0] if found[0] in "{}" else re.sub(r"[^\n]", " ", found[0])
    return mutants.LITERAL_COMMENT_OR_BRACE.sub(blank, text)


def closing(text, start):
    """Returns the offset of the bracket that closes the one at `start`."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if depth == 0:
            return at
    raise ValueError(f"nothing closes the bracket at {start}")


def parts(text, start, end):
    """Returns the spans between commas that stand in no bracket."""
    spans, depth, begun = [], 0, start
    for at in range(start, end):
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if depth == 0 and text[at] == ",":
            spans.append((begun, at))
            begun = at + 1
    return [span for span in [*spans, (begun, end)] if text[slice(*span)].strip()]


class Deletion:
    """One statement that is taken out, in the words that `mutants.Schemata` and its reports use."""

    def __init__(self, file, source, function, span, replacement, what):
        name, owner, outer = function
        self.file, self.replacement, (self.start, self.end) = file, replacement, span
        line = source.text.count("\n", 0, self.start) + 1
        self.function = f"{owner}::{name}" if owner else name
        self.name = f"{file}:{line}: without {' '.join(what.split())} in {self.function}"
        head = source.text[outer[0] : outer[0] + mutants.body_start(source.text[slice(*outer)])]
        self.opaque, self.in_function = "impl " in head.split("->")[-1] and "->" in head, outer
        around = [file, source.text[slice(*outer)], self.start - outer[0], self.end - outer[0], replacement]
        self.key = hashlib.sha256(json.dumps(around).encode()).hexdigest()[:20]

    applied = mutants.Mutant.applied
    folder = mutants.Mutant.folder


def functions(code):
    """Returns name, type and span of every function that has a body."""
    found = []
    for match in FUNCTION.finditer(code):
        depth = 0
        for at in range(match.end(), len(code)):
            depth += (code[at] in "([") - (code[at] in ")]")
            if depth == 0 and code[at] in ";{":
                break
        if code[at] == ";":
            continue
        start = code.rfind("\n", 0, match.start()) + 1
        start += re.match(r"\s*(?:pub(?:\([^)]*\))?\s+)?", code[start:]).end()
        owners = [owner[1] for owner in OWNER.finditer(code, 0, match.start())]
        indented = code[code.rfind("\n", 0, match.start()) + 1] == " "
        found.append((match[1], owners[-1] if owners and indented else "", (start, closing(code, at) + 1)))
    return found


def statements(code, start, end):
    """Returns the spans of the statements that end with a semicolon, blocks within blocks too."""
    found, begun = [], [start + 1]
    opened = []
    for at in range(start, end):
        char = code[at]
        if char in "([{":
            opened.append(char)
            begun.append(at + 1)
        elif char in ")]}":
            opened.pop()
            begun.pop()
            if char == "}":
                # A block ends a statement unless something takes its value.
                rest = code[at + 1 :].lstrip()
                if begun and not rest.startswith((".", ";", ",", ")", "?", "else", "=")):
                    begun[-1] = at + 1
        elif char == ";" and opened and opened[-1] == "{":
            first = begun[-1] + len(code[begun[-1] : at]) - len(code[begun[-1] : at].lstrip())
            found.append((first, at + 1))
            begun[-1] = at + 1
    return found


def deletions(file, source):
    code = masked(source.text)
    tests = code.find("#[cfg(test)]\nmod ")
    code = code if tests < 0 else code[:tests]
    everything = functions(code)
    for function in everything:
        outer = function[2]
        body = outer[0] + mutants.body_start(source.text[slice(*outer)])
        inner = [other[2] for other in everything if outer[0] < other[2][0] and other[2][1] <= outer[1]]
        innermost = lambda at: not any(start <= at < end for start, end in inner)
        for start, end in statements(code, body, outer[1]):
            if not innermost(start):
                continue
            text, plain = source.text[start:end], code[start:end]
            if (match := TUPLE.match(plain)) and len(parts(plain, 1, match.end(1))) > 1:
                fields = [plain[slice(*span)].strip() for span in parts(plain, 1, match.end(1))]
                for nth, field in enumerate(fields):
                    kept = ", ".join("_" if at == nth else other for at, other in enumerate(fields))
                    without = f"({kept}) = {text[match.end():]}"
                    yield Deletion(file, source, function, (start, end), without, f"{field} of {text}")
            elif ASSIGNMENT.match(plain):
                yield Deletion(file, source, function, (start, end), "", text)
            elif (match := CALL.match(plain)) and plain.rstrip("?;").endswith(")"):
                yield Deletion(file, source, function, (start, end), "", text)
        # Fields of `Self { field: value, ..rest }`.
        for rest in re.finditer(r"\.\.(?=[\w*(])", code[body : outer[1]]):
            at = body + rest.start()
            before = code[body:at].rstrip()
            depth, opening = 0, body + len(before) - 1
            while opening > body:
                depth += (code[opening] in ")]}") - (code[opening] in "([{")
                if depth < 0:
                    break
                opening -= 1
            if code[opening] != "{" or not before.endswith((",", "{")) or not innermost(at):
                continue
            for start, end in parts(code, opening + 1, at):
                text = source.text[start:end]
                yield Deletion(file, source, function, (start, min(end + 1, at)), "", f"{text} of a struct")


def listed(tree, folders):
    found, sources = [], {}
    paths = [tree / name for name in folders]
    files = [file for path in paths for file in (sorted(path.rglob("*.rs")) if path.is_dir() else [path])]
    # What tests alone use is not part of the engine.
    files = [file for file in files if file.name != "testing.rs"]
    for file in files:
        name = str(file.relative_to(tree))
        sources[name] = mutants.Source(file.read_text())
        found += deletions(name, sources[name])
    for id, deletion in enumerate(found, 1):
        deletion.id = id
    return found, sources


def main():
    parser = mutants.arguments(__doc__)
    parser.add_argument("--folders", nargs="+", default=FOLDERS, help="folders and files of the source")
    parser.add_argument("--sample", type=int, help="how many of the mutants to run")
    parser.add_argument("--seed", type=int, default=1, help="of the lot")
    parser.add_argument("--without", nargs="+", default=[], help="tests that take no part: models find some by luck")
    parser.add_argument("--list", action="store_true", help="only say which mutants there are")
    given = parser.parse_args()
    mutants.NO_TESTS_OF_BEHAVIOUR.update(given.without)
    folders = [name for name in given.folders if (mutants.REPOSITORY / name).exists()]
    if given.list:
        print("\n".join(mutant.name for mutant in listed(mutants.REPOSITORY, folders)[0]))
        return

    def chosen(wanted):
        size = len(wanted) if given.sample is None else min(given.sample, len(wanted))
        return random.Random(given.seed).sample(wanted, size)

    mutants.main(given, lambda tree: listed(tree, folders), chosen)


if __name__ == "__main__":
    main()
