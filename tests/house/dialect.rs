//! The dialect of `src/`: its words, its digits, its widths, and the shape of its functions.

use std::fs;

use super::{files_in, root};

/// Words that the glossary of the house replaces, each with the word to use instead. Only words
/// that mean nothing else anywhere in `src/` are here, so that a hit is always a fault. Those of
/// two words are looked for in comments only: in code they may be a value and its field.
const WORDS: &[(&str, &str)] = &[
    ("nalu", "NAL unit"),
    ("nalus", "NAL units"),
    ("extradata", "decoder configuration record"),
    ("audio packet", "AAC frame"),
    ("audio packets", "AAC frames"),
    ("tables header", "PSI"),
    ("rotate", "switch"),
    ("rotates", "switches"),
    ("reap", "switch"),
    ("reaps", "switches"),
    ("cc", "continuity counter"),
    ("cts", "composition offset"),
    ("trouble", "the error of a sink"),
    ("survive", "abort on error"),
    ("patience", "longest wait"),
    ("astray", "wrong timeline"),
    ("incoming", "picture input, audio batch"),
    ("says whether", "returns whether"),
    ("tells whether", "returns whether"),
];

/// Folders in which an enum of two cases stands where a `bool` parameter would.
const NO_BOOL: &[&str] = &["engine/", "cut/", "audio/", "mux/"];

/// Functions there that take a `bool`, with the reason.
const BOOL: &[(&str, &str, &str)] =
    &[("cut/rules.rs", "video", "a public rule, whose form the style guide prints")];

/// Files outside `codec/` and `flv/` that name AVC, with the reason.
const AVC: &[(&str, &str)] =
    &[("stream_type.rs", "gives the stream type its name"), ("track.rs", "prints the codec")];

/// Faults that stand: the folder or file, how the message ends, and the reason.
const KNOWN: &[(&str, &str, &str)] = &[(
    "src/cut/testing.rs:",
    "};",
    "helpers of tests, in a file of their own, need some video codec",
)];

/// A function: where it begins, its parameters, and how many lines it has.
struct Function<'s> {
    line: usize,
    name: &'s str,
    parameters: Vec<&'s str>,
    lines: usize,
}

/// All files of `src`, by their path below it.
fn sources() -> Vec<(String, String)> {
    let root = root().join("src");
    let mut files: Vec<_> = files_in(&root)
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    assert!(files.len() > 50, "the test reads the sources: {}", files.len());
    files.sort();
    files
}

fn without_tests(text: &str) -> &str {
    text.split("\nmod tests {").next().unwrap()
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

/// The words of a line in lower case, each between two spaces; identifiers fall into words at `_`.
fn words_of(line: &str) -> String {
    let letters =
        line.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' });
    let words: String = letters.collect();
    format!(" {} ", words.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Splits at the commas that stand in no bracket.
fn split_at_commas(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    let mut before = ' ';
    for (at, c) in list.char_indices() {
        match c {
            '(' | '[' | '<' => depth += 1,
            ')' | ']' => depth -= 1,
            '>' if before != '-' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        before = c;
    }
    parts.push(&list[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// The functions of a file, found as rustfmt lays them out: a body ends at the indentation of `fn`.
fn functions(text: &str) -> Vec<Function<'_>> {
    let mut found = Vec::new();
    let mut offset = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let start = offset;
        offset += line.len();
        let Some(at) = line.find("fn ") else { continue };
        let is_item = line[..at]
            .split_whitespace()
            .all(|word| word.starts_with("pub") || ["const", "in", "super)"].contains(&word));
        if !is_item {
            continue;
        }
        let rest = &text[start + at + 3..];
        let name = rest.split(['(', '<']).next().unwrap();
        let open = rest.find('(').unwrap();
        let mut depth = 0;
        let close = rest[open..].find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        let parameters = split_at_commas(&rest[open + 1..open + close.unwrap()]);
        let indent = &line[..line.len() - line.trim_start().len()];
        let last = format!("{indent}}}");
        // A body ends at its brace; a declaration, or a body of one line, ends where it begins.
        let one_line = line.trim_end().ends_with([';', '}']);
        let body = text[start..].lines();
        let lines = if one_line { 1 } else { body.take_while(|line| *line != last).count() + 1 };
        found.push(Function { line: number + 1, name, parameters, lines });
    }
    found
}

fn assert_none(faults: Vec<String>) {
    let is_known = |fault: &String| {
        KNOWN.iter().any(|(place, end, _)| fault.starts_with(place) && fault.ends_with(end))
    };
    let faults: Vec<_> = faults.into_iter().filter(|fault| !is_known(fault)).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn the_glossary_is_kept() {
    let mut faults = Vec::new();
    for (file, text) in sources() {
        for (number, line) in text.lines().enumerate() {
            let words = words_of(line);
            for (word, instead) in WORDS {
                let applies = is_comment(line) || !word.contains(' ');
                if applies && words.contains(&format!(" {word} ")) {
                    faults.push(format!("src/{file}:{}: {word}: say {instead}", number + 1));
                }
            }
        }
    }
    assert_none(faults);
}

#[test]
fn hexadecimal_digits_are_in_lower_case() {
    let mut faults = Vec::new();
    for (file, text) in sources() {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !is_comment(line)) {
            let code = line.split(" // ").next().unwrap();
            let digits = code.split("0x").skip(1).map(|rest| {
                rest.split(|c: char| !c.is_ascii_hexdigit() && c != '_').next().unwrap()
            });
            for digits in digits.filter(|digits| digits.bytes().any(|b| b.is_ascii_uppercase())) {
                faults.push(format!("src/{file}:{}: 0x{digits}", number + 1));
            }
        }
    }
    assert_none(faults);
}

#[test]
fn comments_are_at_most_100_characters_wide_and_diagrams_120() {
    let mut faults = Vec::new();
    for (file, text) in sources() {
        let mut in_diagram = false;
        for (number, line) in text.lines().enumerate().filter(|(_, line)| is_comment(line)) {
            in_diagram ^= line.contains("```");
            let width = line.chars().count();
            if width > if in_diagram { 120 } else { 100 } {
                faults.push(format!("src/{file}:{}: {width} characters", number + 1));
            }
        }
    }
    assert_none(faults);
}

#[test]
fn a_function_has_at_most_70_lines_and_five_parameters() {
    let mut faults = Vec::new();
    let mut seen = 0;
    for (file, text) in sources() {
        for Function { line, name, parameters, lines } in functions(without_tests(&text)) {
            seen += 1;
            if lines > 70 {
                faults.push(format!("src/{file}:{line}: {name} has {lines} lines"));
            }
            let count = parameters.iter().filter(|parameter| !parameter.ends_with("self")).count();
            if count > 5 {
                faults.push(format!("src/{file}:{line}: {name} has {count} parameters"));
            }
        }
    }
    assert!(seen > 400, "the test finds the functions: {seen}");
    assert_none(faults);
}

#[test]
fn no_function_of_the_middle_takes_a_bool() {
    let mut faults = Vec::new();
    for (file, text) in sources() {
        for Function { line, name, parameters, .. } in functions(without_tests(&text)) {
            let is_middle = NO_BOOL.iter().any(|folder| file.starts_with(folder));
            let is_excepted = BOOL.iter().any(|(home, rule, _)| *home == file && *rule == name);
            let takes_bool =
                parameters.iter().any(|parameter| words_of(parameter).contains(" bool "));
            if is_middle && takes_bool && !is_excepted {
                faults.push(format!("src/{file}:{line}: {name} takes a bool"));
            }
        }
    }
    assert_none(faults);
}

#[test]
fn the_segmenter_is_implemented_in_at_most_two_files() {
    let sources = sources();
    let has_impl = |text: &str| {
        text.lines().any(|line| line.starts_with("impl") && words_of(line).contains(" segmenter "))
    };
    let files: Vec<_> =
        sources.iter().filter(|(_, text)| has_impl(text)).map(|(file, _)| file).collect();
    assert!((1..=2).contains(&files.len()), "impl Segmenter is in {files:?}");
}

#[test]
fn what_is_public_says_whether_it_may_grow() {
    let mut faults = Vec::new();
    for (file, text) in sources() {
        let lines: Vec<_> = without_tests(&text).lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let item = line.trim_start();
            let is_enum = item.starts_with("pub enum ");
            let has_public_fields = item.starts_with("pub struct ")
                && (item.contains("(pub ")
                    || item.ends_with('{')
                        && lines[at + 1..]
                            .iter()
                            .take_while(|line| line.trim() != "}")
                            .any(|line| line.trim_start().starts_with("pub ")));
            let above = lines[..at].iter().rev();
            let mut above = above.take_while(|line| {
                let line = line.trim();
                !line.is_empty() && !line.ends_with('{') && line != "}"
            });
            let says = above.any(|line| line.to_lowercase().contains("exhaustive"));
            if (is_enum || has_public_fields) && !says {
                faults.push(format!("src/{file}:{}: {item}", at + 1));
            }
        }
    }
    assert_none(faults);
}

#[test]
fn only_codec_flv_and_what_prints_name_avc() {
    let mut faults = Vec::new();
    for (file, text) in sources() {
        let is_home = file.starts_with("codec/") || file.starts_with("flv/");
        if is_home || AVC.iter().any(|(home, _)| *home == file) {
            continue;
        }
        for (number, line) in without_tests(&text).lines().enumerate() {
            if !is_comment(line) && line.to_lowercase().contains("avc") {
                faults.push(format!("src/{file}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert_none(faults);
}
