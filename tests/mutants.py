#!/usr/bin/env python3
"""Seeds thousands of small faults into the engine and the Auditor, one at a time, and says which of them no test notices.

What a mutant is says `cargo mutants --list`: an operator turned, a body replaced, an arm or a guard taken away. Building
the crate anew for each of them takes a day, so here one build holds them all: every body `B` becomes

    { match crate::mutant() { 17 => { B, with mutant 17 in it } 18 => { ... } _ => { B } } }

and the environment's MUTANT says which one a run of the tests is to meet. The text is only cut and joined at the spans
that cargo-mutants names; nothing is parsed. What the compiler refuses is found by where its errors are, counted as
unviable and left away. As such a body is not `const`, functions lose that word, and those that constants need keep it:
their mutants, and those in constants themselves, are built one by one at the end.

A mutant is caught by a test that fails, by a test that does not end, or by memory without end. The first failure ends its run;
the tests beside the sources come first, then those of `tests/`, fast before slow. Tests in the documentation do not take part.

    tests/mutants.py FOLDER                       all of them, one after the other: an hour or two
    tests/mutants.py FOLDER --re 'src/playlist'   only those whose name matches

FOLDER is kept outside the repository and holds the copy of the tree, the build, and `results.json`. A result is kept as long
as the text of its function is the same, so that a run may be interrupted; what was missed is tried again once any file has
changed. `table.md` and `missed.txt` are written there as well.
"""

import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent

# They read the sources or the documents, not what the library does.
NO_TESTS_OF_BEHAVIOUR = {"house"}

# Where faults are seeded, and whose tests are to notice.
SEEDED = {"hls-segmenter": "src", "hls-segmenter-auditor": "auditor/src"}
ROOTS = [f"{folder}/lib.rs" for folder in SEEDED.values()]
TESTED = [*SEEDED, "hls-segmenter-tests"]

MEMORY = 2 << 30

BUILD = {
    # Optimised, because the models make many streams; all checks of `cargo test` stay on.
    "CARGO_PROFILE_DEV_OPT_LEVEL": "1",
    "CARGO_PROFILE_DEV_DEBUG": "0",
    # A mutant is not held to the house's lints.
    "RUSTFLAGS": "--cap-lints=allow",
}

# Two arms that return different iterators behind one `impl Iterator` are told apart by `Arm`.
SELECTOR = """
pub(crate) fn mutant() -> u32 {
    static CHOSEN: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *CHOSEN.get_or_init(|| std::env::var("MUTANT").map_or(0, |id| id.parse().unwrap()))
}
#[derive(Clone)]
pub(crate) enum Arm<A, B> { This(A), Other(B) }
impl<A: Iterator, B: Iterator<Item = A::Item>> Iterator for Arm<A, B> {
    type Item = A::Item;
    fn next(&mut self) -> Option<A::Item> {
        match self { Self::This(a) => a.next(), Self::Other(b) => b.next() }
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        match self { Self::This(a) => a.size_hint(), Self::Other(b) => b.size_hint() }
    }
}
impl<A: DoubleEndedIterator, B: DoubleEndedIterator<Item = A::Item>> DoubleEndedIterator for Arm<A, B> {
    fn next_back(&mut self) -> Option<A::Item> {
        match self { Self::This(a) => a.next_back(), Self::Other(b) => b.next_back() }
    }
}
impl<A: ExactSizeIterator, B: ExactSizeIterator<Item = A::Item>> ExactSizeIterator for Arm<A, B> {}
"""

LITERAL_COMMENT_OR_BRACE = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | b?r(\#*)".*?"\1 | b?"(?:\\.|[^"\\])*" | b?'(?:\\.[^']*|[^\\'])' | [{}]""",
    re.VERBOSE | re.DOTALL,
)


class Source:
    """The text of a file, by offset where the tools say line and column."""

    def __init__(self, text):
        self.text = text
        self.lines = [0]
        for line in text.split("\n"):
            self.lines.append(self.lines[-1] + len(line) + 1)

    def offset(self, line, column):
        return self.lines[line - 1] + column - 1

    def line(self, offset):
        return self.text.rfind("\n", 0, offset) + 1, self.text.find("\n", offset)

    def span(self, span):
        return tuple(self.offset(span[end]["line"], span[end]["column"]) for end in ("start", "end"))


class Mutant:
    """One fault: where, what instead, and what became of it."""

    def __init__(self, id, listed, source):
        self.id, self.name, self.file, self.replacement = id, listed["name"], listed["file"], listed["replacement"]
        self.start, self.end = source.span(listed["span"])
        function = listed["function"] or {"function_name": "", "return_type": "", "span": listed["span"]}
        self.function = function["function_name"]
        self.opaque = "impl " in function["return_type"]
        outer = source.span(function["span"]) if listed["function"] else source.line(self.start)
        self.in_function = outer if listed["function"] else None
        if self.in_function and self.start < outer[0] + body_start(source.text[outer[0] : outer[1]]):
            self.in_function = None  # a length among the arguments
        around = [self.file, source.text[outer[0] : outer[1]], self.start - outer[0], self.end - outer[0], self.replacement]
        self.key = hashlib.sha256(json.dumps(around).encode()).hexdigest()[:20]

    def applied(self, text, start, end):
        return text[start : self.start] + self.replacement + text[self.end : end]

    def folder(self):
        return "/".join(self.file.split("/")[:2])


def listed_mutants(tree):
    packages = [argument for name in SEEDED for argument in ("--package", name)]
    out = subprocess.run(["cargo", "mutants", "--list", "--json", *packages], cwd=tree, check=True, stdout=subprocess.PIPE)
    sources, mutants = {}, []
    for id, listed in enumerate(json.loads(out.stdout), 1):
        path = tree / listed["file"]
        if listed["file"] not in sources:
            sources[listed["file"]] = Source(path.read_text())
        mutants.append(Mutant(id, listed, sources[listed["file"]]))
    return mutants, sources


def body_start(text):
    """Finds the brace that the last one of a function closes."""
    opened = []
    for token in LITERAL_COMMENT_OR_BRACE.finditer(text):
        if token[0] == "{":
            opened.append(token.start())
        elif token[0] == "}":
            start = opened.pop()
    return start


def without_const(text, kept):
    return re.sub(r"\bconst (?=fn (\w+))", lambda fn: fn[0] if fn[1] in kept else "", text)


class Rewriter:
    """Joins one file anew and remembers where each mutant went."""

    def __init__(self, source, mutants, kept):
        self.parts, self.len, self.arms, self.opaque, self.kept = [], 0, [], [], kept
        functions = collections.defaultdict(list)
        for mutant in mutants:
            functions[mutant.in_function].append(mutant)
        self.source, self.functions = source.text, functions
        self.between(0, len(source.text))

    def put(self, text, mutant=None):
        if mutant:
            self.arms.append((self.len, self.len + len(text), mutant))
        self.parts.append(text)
        self.len += len(text)

    def between(self, start, end):
        """Rewrites the functions from `start` to `end`; those within others are met in the arm that is no mutant."""
        for function in sorted(self.functions):
            if start <= function[0] and function[1] <= end:
                self.put(without_const(self.source[start : function[0]], self.kept))
                mutants = self.functions.pop(function)
                self.body(function, mutants)
                start = function[1]
        self.put(without_const(self.source[start:end], self.kept))

    def body(self, function, mutants):
        start, end = function[0] + body_start(self.source[function[0] : function[1]]), function[1]
        begun = self.len
        self.put(without_const(self.source[function[0] : start], ()))
        self.put("{ match crate::mutant() {")
        wrap = ["", ""]
        for mutant in mutants:
            this = ["crate::Arm::This(", ")"] if mutant.opaque else ["", ""]
            self.put(f"{mutant.id} => {wrap[0]}{this[0]}")
            self.put(mutant.applied(self.source, start, end), mutant)
            self.put(f"{this[1]}{wrap[1]},\n")
            if mutant.opaque:
                wrap = [wrap[0] + "crate::Arm::Other(", wrap[1] + ")"]
        self.put(f"_ => {wrap[0]}")
        self.between(start, end)
        self.put(f"{wrap[1]}, }} }}")
        self.opaque += [(begun, self.len, mutant) for mutant in mutants if mutant.opaque]

    def text(self):
        # A body that holds all its mutants is not for inlining: the compiler would take hours. As many
        # bytes, because what the compiler refuses is found by where it stands.
        return "".join(self.parts).replace("#[inline(always)]", "#[inline(never) ]")


def write(path, text):
    """Leaves a file alone that is right already, for cargo's sake."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def copied_tree(tree):
    """Copies what git knows, or would; returns a digest of all of it."""
    digest = hashlib.sha256()
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True)
    names = sorted(name for name in names.stdout.split("\n") if (REPOSITORY / name).is_file())
    for name in names:
        data, to = (REPOSITORY / name).read_bytes(), tree / name
        digest.update(name.encode() + data)
        if not to.exists() or to.read_bytes() != data:
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, to)
    for folder in SEEDED.values():
        for stale in (tree / folder).rglob("*.rs"):
            if str(stale.relative_to(tree)) not in names:
                stale.unlink()
    return digest.hexdigest()


def cargo(tree, target, *arguments):
    """Runs cargo on all that is tested; returns its messages, one dictionary each."""
    packages = [argument for name in TESTED for argument in ("--package", name)]
    command = ["cargo", *arguments, *packages, "--all-features", "--message-format=json"]
    environment = {**os.environ, **BUILD, "CARGO_TARGET_DIR": str(target)}
    out = subprocess.run(command, cwd=tree, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    messages = [json.loads(line) for line in out.stdout.split("\n") if line.startswith("{")]
    if out.returncode and not any(message["reason"] == "compiler-message" for message in messages):
        sys.exit(out.stderr)
    return out.returncode == 0, messages


def binaries(messages):
    """Returns path by name of the tests among what cargo built; those of a library are called `lib` and its name."""
    built = [m for m in messages if m["reason"] == "compiler-artifact" and m["profile"]["test"] and m["executable"]]
    names = [f"{'lib ' * ('lib' in m['target']['kind'])}{m['target']['name']}" for m in built]
    return {name: m["executable"] for name, m in zip(names, built) if name not in NO_TESTS_OF_BEHAVIOUR}


class Schemata:
    """The one tree that holds all mutants, made to build."""

    def __init__(self, folder, mutants, sources, report):
        self.tree, self.target = folder / "all", folder / "target"
        self.mutants, self.sources, self.results, self.kept = mutants, sources, report.results, set()
        self.alone = {m.id for m in mutants if not m.in_function}  # what is built one by one
        for path in sorted(report.const):
            self.keep_const(path)
        report.const = self.kept
        copied_tree(self.tree)

    def write(self):
        self.arms = {}
        for file, source in self.sources.items():
            here = [m for m in self.mutants if m.file == file and m.id not in self.alone]
            here = [m for m in here if self.results.get(m.key) != "unviable"]
            rewriter = Rewriter(source, here, {name.split("::")[-1] for name in self.kept})
            text = rewriter.text() + (SELECTOR if file in ROOTS else "")
            self.arms[file] = (Source(text), rewriter.arms, rewriter.opaque)
            write(self.tree / file, text)

    def learn(self, messages):
        """Takes away what the compiler's errors are about; returns what nothing here is to blame for."""
        puzzles = []
        for message in messages:
            if message["reason"] != "compiler-message" or message["message"]["level"] != "error":
                continue
            message = message["message"]
            if (message["code"] or {}).get("code") == "E0015":
                self.keep_const(re.search("`(.*?)`", message["message"])[1])
                continue
            spans = [span for span in message["spans"] if span["is_primary"]]
            if blamed := [mutant for span in spans for mutant in self.at(span, 1)]:
                self.results.update((mutant.key, "unviable") for mutant in blamed)
            elif unlike := [mutant for span in spans for mutant in self.at(span, 2)]:
                self.alone.update(mutant.id for mutant in unlike)
            elif spans:
                puzzles.append(message["rendered"])
        return puzzles

    def at(self, span, which):
        """Returns the mutants whose arm (1), or whose function that returns some iterator (2), is there."""
        if span["file_name"] not in self.arms:
            return []
        written = self.arms[span["file_name"]]
        at = written[0].offset(span["line_start"], span["column_start"])
        return [mutant for start, end, mutant in written[which] if start <= at < end]

    def keep_const(self, path):
        name = re.sub("<.*?>", "", path).replace("::::", "::").split("::")
        self.kept.add("::".join(name[-2:]))
        for mutant in self.mutants:
            function = re.sub("<.*>", "", mutant.function).split("::")
            if function == name[-len(function) :]:
                self.alone.add(mutant.id)

    def build(self):
        for command in (["check", "--lib"], ["test", "--lib", "--tests", "--no-run"]):
            for attempt in range(1, 30):
                self.write()
                built, messages = cargo(self.tree, self.target, *command)
                if built:
                    break
                before = len(self.results), len(self.kept), len(self.alone)
                puzzles = self.learn(messages)
                after = len(self.results), len(self.kept), len(self.alone)
                print(f"{command[0]} {attempt}: results, const, alone {before} -> {after}", flush=True)
                if before == after:
                    sys.exit("\n".join(puzzles[:5]))
        return binaries(messages)


def run(tree, binary, mutant, seconds, *only):
    """Runs a test binary, or one test of it, up to the first failure; returns `passed`, `timeout`, or who caught it."""
    environment = {**os.environ, "MUTANT": str(mutant), "RUST_BACKTRACE": "0", "CARGO_MANIFEST_DIR": str(tree)}
    process = subprocess.Popen(
        [binary, "--test-threads=1", *(["--exact", *only] if only else [])],
        cwd=tree,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    end, printed, found = time.monotonic() + seconds, b"", None
    while found is None:
        left = end - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            found = "timeout"
        elif data := os.read(process.stdout.fileno(), 1 << 16):
            printed = printed[-4096:] + data
            if failed := re.search(rb"test (\S+)[^\n]* \.\.\. FAILED", printed):
                found = failed[1].decode()
        else:
            found = "passed" if process.wait() == 0 else "the end of the process"
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.stdout.close()
    process.wait()
    return found


def timed(tree, tests):
    """Checks that all is well without mutants; returns name, path and seconds, in the order of running."""
    order = []
    for name, binary in tests.items():
        begun = time.monotonic()
        if (found := run(tree, binary, 0, 600)) != "passed":
            sys.exit(f"without any mutant, {name} is ended by {found}")
        order.append((not name.startswith("lib "), time.monotonic() - begun, name, binary))
    return [(name, binary, seconds) for _, seconds, name, binary in sorted(order)]


def judged(tree, order, mutant, guess=None):
    """Runs the tests one after the other, but first the one that is guessed to catch this mutant."""
    for name, binary, seconds in order:
        if guess and guess[0] == name and run(tree, binary, mutant, 3 + 6 * seconds, guess[1]) == guess[1]:
            return f"caught by {name}: {guess[1]}"
    for name, binary, seconds in order:
        found = run(tree, binary, mutant, 3 + 6 * seconds)
        if found != "passed":
            return found if found == "timeout" else f"caught by {name}: {found}"
    return "missed"


class Report:
    """Results as they come, on disk every few seconds, and the table at the end."""

    def __init__(self, folder):
        self.folder, self.saved = folder, 0
        path = folder / "results.json"
        known = json.loads(path.read_text()) if path.exists() else {"tree": "", "results": {}}
        self.tree, self.results = known["tree"], known["results"]
        self.again = set(known.get("again", []))  # what was missed before a file changed
        self.const = set(known.get("const", []))  # names of functions that constants call
        self.catchers = {}  # the last test that caught a mutant of a file

    def begin(self, tree):
        if tree != self.tree:
            self.again.update(key for key, found in self.results.items() if found == "missed")
            self.tree = tree

    def lacks(self, mutant):
        return mutant.key not in self.results or mutant.key in self.again

    def add(self, mutant, found):
        self.results[mutant.key] = found
        self.again.discard(mutant.key)
        if found.startswith("caught by ") and " process" not in found:
            self.catchers[mutant.file] = found.removeprefix("caught by ").split(": ")
        if found in ("missed", "timeout"):
            print(f"{found} {mutant.name}", flush=True)
        if time.monotonic() > self.saved + 5:
            self.save()

    def save(self):
        self.saved = time.monotonic()
        new = self.folder / "results.new"
        known = {"tree": self.tree, "const": sorted(self.const), "again": sorted(self.again), "results": self.results}
        new.write_text(json.dumps(known, indent=0))
        new.replace(self.folder / "results.json")

    def write(self, mutants):
        kinds = ["mutants", "unviable", "caught", "timeout", "missed", "not run"]
        table = collections.defaultdict(collections.Counter)
        missed = []
        for mutant in mutants:
            found = self.results.get(mutant.key, "not run")
            for row in (mutant.folder(), "all"):
                table[row].update(["mutants", found.split(" by ")[0]])
            if found == "missed":
                missed.append(mutant.name + "\n")
        lines = ["| | " + " | ".join(kinds) + " |", "|---|" + "---:|" * len(kinds)]
        for row in sorted(table, key=lambda row: (row == "all", row)):
            lines.append(f"| {row} | " + " | ".join(str(table[row][kind]) for kind in kinds) + " |")
        (self.folder / "table.md").write_text("\n".join(lines) + "\n")
        (self.folder / "missed.txt").write_text("".join(missed))
        print("\n".join(lines))


def arguments(description):
    """Returns the parser of what every list of mutants is run with."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="where to work")
    parser.add_argument("--re", type=re.compile, default=re.compile(""), help="of the mutants to run")
    parser.add_argument("--jobs", type=int, default=1, help="how many run at once")
    return parser


def main(given, listed, chosen=lambda mutants: mutants):
    """Runs the `chosen` ones of the mutants that are `listed` of a tree."""
    folder = given.folder.resolve()
    if folder.is_relative_to(REPOSITORY):
        sys.exit("the folder is to be outside of the repository")
    plain = folder / "plain"
    report = Report(folder)
    report.begin(copied_tree(plain))
    mutants, sources = listed(plain)
    for file in ROOTS:
        sources.setdefault(file, Source((plain / file).read_text()))

    schemata = Schemata(folder, mutants, sources, report)
    order = timed(schemata.tree, schemata.build())
    report.save()
    wanted = [m for m in mutants if given.re.search(m.name) and report.results.get(m.key) != "unviable"]
    todo = [m for m in chosen(wanted) if report.lacks(m)]
    print(f"{len(todo)} of {len(mutants)} to run; a whole run takes {sum(s for _, _, s in order):.1f} s", flush=True)
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        together = [m for m in todo if m.id not in schemata.alone]
        guessed = lambda m: judged(schemata.tree, order, m.id, report.catchers.get(m.file))
        running = {pool.submit(guessed, m): m for m in together}
        for done in concurrent.futures.as_completed(running):
            report.add(running[done], done.result())

    seconds = {name: spent for name, _, spent in order}
    for mutant in todo:
        if mutant.id in schemata.alone:
            source = sources[mutant.file].text
            write(plain / mutant.file, mutant.applied(source, 0, len(source)))
            built, messages = cargo(plain, schemata.target, "test", "--lib", "--tests", "--no-run")
            tests = binaries(messages) if built else {}
            alone = [(name, tests[name], seconds[name]) for name, _, _ in order if built]
            report.add(mutant, judged(plain, alone, mutant.id) if built else "unviable")
            write(plain / mutant.file, source)
    report.save()
    report.write(mutants)


if __name__ == "__main__":
    main(arguments(__doc__).parse_args(), listed_mutants)
