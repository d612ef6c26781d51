//! Dockerfiles as stages with their instructions; which stages end up as images is told here, what they hold in `image`.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::tie::Names;
use super::words::{Word, split};
use crate::source::file_name;

/// A file has at most so many instructions.
const MAX_INSTRUCTIONS: usize = 5_000;

/// One instruction.
#[derive(Clone, Debug)]
pub(super) struct Instruction {
    /// In capitals: `COPY`.
    pub(super) keyword: String,
    pub(super) line: u32,
    /// What follows, its lines joined.
    pub(super) text: String,
    pub(super) words: Vec<Word>,
}

impl Instruction {
    /// The words of a command, in either form: `["run", "--fast"]`, `run --fast`.
    pub(super) fn command(&self) -> Vec<String> {
        list(&self.text).unwrap_or_else(|| self.words.iter().map(|word| word.text.clone()).collect())
    }

    /// The value of a flag before the arguments: `--from=build`.
    pub(super) fn flag(&self, name: &str) -> Option<&str> {
        let flags = self.words.iter().map_while(|word| word.text.strip_prefix("--"));
        flags.into_iter().find_map(|flag| flag.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value))
    }

    /// What stands after the flags.
    pub(super) fn arguments(&self) -> Vec<String> {
        let after: Vec<&Word> = self.words.iter().skip_while(|word| word.text.starts_with("--")).collect();
        let start =
            after.first().and_then(|_| self.text.find('[')).filter(|at| self.text[..*at].split_whitespace().all(|w| w.starts_with("--")));
        start.and_then(|at| list(&self.text[at..])).unwrap_or_else(|| after.iter().map(|word| word.text.clone()).collect())
    }
}

/// A JSON list of strings.
fn list(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    (text.starts_with('[')).then(|| serde_json::from_str::<Vec<String>>(text).ok()).flatten()
}

/// A stage: `FROM` and what follows.
#[derive(Clone, Debug, Default)]
pub(super) struct Stage {
    pub(super) name: Option<SmolStr>,
    /// The stage it stands on, if it is one of this file.
    pub(super) parent: Option<usize>,
    pub(super) instructions: Vec<Instruction>,
}

/// A file.
#[derive(Clone, Debug, Default)]
pub(super) struct Dockerfile {
    pub(super) stages: Vec<Stage>,
}

/// Reads a file; what is no instruction (lines of a template) is passed over.
pub(super) fn parse(text: &str) -> Dockerfile {
    let mut out = Dockerfile::default();
    for instruction in instructions(text) {
        if instruction.keyword == "FROM" {
            let arguments = instruction.arguments();
            let base = arguments.first().cloned().unwrap_or_default();
            let parent = out.stages.iter().rposition(|stage| stage.name.as_deref() == Some(&base.to_ascii_lowercase()));
            let name = arguments.get(1).filter(|word| word.eq_ignore_ascii_case("as")).and(arguments.get(2));
            out.stages.push(Stage { name: name.map(|name| name.to_ascii_lowercase().into()), parent, instructions: Vec::new() });
        } else if let Some(stage) = out.stages.last_mut() {
            stage.instructions.push(instruction);
        }
    }
    out
}

fn instructions(text: &str) -> Vec<Instruction> {
    let mut out: Vec<Instruction> = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((at, line)) = lines.next() {
        if is_blank(line) || out.len() >= MAX_INSTRUCTIONS {
            continue;
        }
        let mut parts = vec![(number(at), line.trim_end().trim_end_matches('\\'))];
        let mut more = line.trim_end().ends_with('\\');
        while let Some((at, line)) = more.then(|| lines.next()).flatten() {
            if is_blank(line) {
                // A comment, an empty line or a line of a template within an instruction; `{% endif %}` may end it.
                more = !(line.trim().starts_with("{%") && line.trim_end().ends_with("%}") && !next_goes_on(lines.peek()));
                continue;
            }
            more = line.trim_end().ends_with('\\');
            parts.push((number(at), line.trim_end().trim_end_matches('\\')));
        }
        let (line, first) = parts[0];
        let (keyword, rest) = first.trim_start().split_once(char::is_whitespace).unwrap_or((first.trim(), ""));
        if !keyword.chars().all(|c| c.is_ascii_alphabetic()) {
            continue;
        }
        parts[0].1 = rest;
        let joined: Vec<&str> = parts.iter().map(|(_, part)| part.trim()).collect();
        let instruction = Instruction { keyword: keyword.to_ascii_uppercase(), line, text: joined.join(" "), words: split(&parts) };
        if let Some(end) = heredoc(&instruction) {
            // The lines of a here-document are a script or a file.
            for (_, line) in lines.by_ref() {
                if line.trim() == end {
                    break;
                }
            }
        }
        out.push(instruction);
    }
    out
}

fn number(at: usize) -> u32 {
    u32::try_from(at + 1).unwrap_or(u32::MAX)
}

/// Whether the line after a line of a template belongs to the same instruction: it is indented.
fn next_goes_on(next: Option<&(usize, &str)>) -> bool {
    next.is_some_and(|(_, line)| line.starts_with([' ', '\t']))
}

fn is_blank(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#') || line.starts_with("{%") || line.starts_with("{#")
}

/// The word that ends a here-document, if the instruction starts one.
fn heredoc(instruction: &Instruction) -> Option<String> {
    if !matches!(instruction.keyword.as_str(), "RUN" | "COPY" | "ADD") {
        return None;
    }
    let word = instruction.text.split_whitespace().find_map(|word| word.strip_prefix("<<"))?;
    let word = word.trim_start_matches('-').trim_matches(|c| matches!(c, '"' | '\''));
    (!word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).then(|| word.to_owned())
}

impl Dockerfile {
    /// The stages that end up as images: the last one, and those that no other stage uses and that start something.
    pub(super) fn finals(&self) -> Vec<usize> {
        let used = |at: usize| {
            let name = self.stages[at].name.as_deref();
            self.stages.iter().any(|stage| {
                stage.parent == Some(at)
                    || stage.instructions.iter().any(|instruction| {
                        instruction
                            .flag("from")
                            .is_some_and(|from| name.is_some_and(|name| name.eq_ignore_ascii_case(from)) || from.parse() == Ok(at))
                    })
            })
        };
        let starts = |stage: &Stage| stage.instructions.iter().any(|one| matches!(one.keyword.as_str(), "CMD" | "ENTRYPOINT"));
        let last = self.stages.len().saturating_sub(1);
        (0..self.stages.len()).filter(|at| *at == last || (starts(&self.stages[*at]) && !used(*at))).collect()
    }

    /// A stage by its name.
    pub(super) fn stage(&self, name: &str) -> Option<usize> {
        self.stages.iter().position(|stage| stage.name.as_deref() == Some(&name.to_ascii_lowercase()))
    }

    /// The stages that a stage stands on, the lowest first, and itself.
    pub(super) fn chain(&self, at: usize) -> Vec<usize> {
        let mut chain = vec![at];
        // A parent stands above its child in the file, so this ends.
        while let Some(parent) = chain.last().and_then(|at| self.stages[*at].parent) {
            chain.push(parent);
        }
        chain.reverse();
        chain
    }

    /// The instructions that make a stage, those of its parents first.
    pub(super) fn effective(&self, at: usize) -> impl Iterator<Item = &Instruction> {
        self.chain(at).into_iter().flat_map(|at| &self.stages[at].instructions)
    }

    /// Whether a stage compiles Rust of this tree.
    pub(super) fn builds_rust(&self, at: usize) -> bool {
        let builds = |text: &str| {
            let own_install = text.contains("cargo install") && text.contains("--path");
            own_install
                || [
                    "cargo build",
                    "cargo chef cook",
                    "cargo zigbuild",
                    "cargo leptos build",
                    "xx-cargo build",
                    "cross build",
                    "cargo auditable build",
                ]
                .iter()
                .any(|word| text.contains(word))
        };
        self.effective(at).any(|one| one.keyword == "RUN" && builds(&one.text.split_whitespace().collect::<Vec<_>>().join(" ")))
    }

    /// Whether something of a stage ends up in another one: it is a part of it, or is copied from.
    pub(super) fn feeds(&self, from: usize, into: usize) -> bool {
        let copied = |one: &Instruction| one.flag("from").and_then(|name| self.stage(name).or_else(|| name.parse().ok())) == Some(from);
        self.chain(into).contains(&from) || self.effective(into).any(copied)
    }

    /// The last `ENTRYPOINT` and the `CMD` that goes with it.
    pub(super) fn start(&self, at: usize) -> (Option<&Instruction>, Option<&Instruction>) {
        let (mut entrypoint, mut cmd) = (None, None);
        for one in self.effective(at) {
            match one.keyword.as_str() {
                "ENTRYPOINT" => (entrypoint, cmd) = (Some(one), None),
                "CMD" => cmd = Some(one),
                _ => {}
            }
        }
        (entrypoint, cmd)
    }

    /// The words with which a container of a stage starts.
    pub(super) fn command(&self, at: usize) -> Vec<String> {
        let (entrypoint, cmd) = self.start(at);
        entrypoint.into_iter().chain(cmd).flat_map(Instruction::command).collect()
    }

    /// The services whose binaries are in the image of a stage, and the one that it starts.
    pub(super) fn services(&self, at: usize, names: &Names) -> (BTreeSet<SmolStr>, Option<SmolStr>) {
        let started = names.by_command(self.command(at).iter().map(String::as_str)).cloned();
        let mut held: BTreeSet<SmolStr> = started.iter().cloned().collect();
        let mut rust = self.builds_rust(at);
        for one in self.effective(at).filter(|one| matches!(one.keyword.as_str(), "COPY" | "ADD")) {
            let arguments = one.arguments();
            let (sources, _) = arguments.split_at(arguments.len().saturating_sub(1));
            held.extend(sources.iter().flat_map(|source| names.by_pattern(source)));
            held.extend(arguments.last().into_iter().flat_map(|target| names.by_binary(target)).cloned());
            rust |= one.flag("from").and_then(|from| self.stage(from)).is_some_and(|from| self.builds_rust(from));
        }
        // `cargo build --bin shop`, and a start that only says `./app`.
        if held.is_empty() && rust {
            held.extend(self.built(names));
            held.extend(names.only().filter(|_| held.is_empty()).cloned());
        }
        (held, started)
    }

    /// The binaries that some stage builds by name.
    fn built(&self, names: &Names) -> BTreeSet<SmolStr> {
        let runs =
            self.stages.iter().flat_map(|stage| &stage.instructions).filter(|one| one.keyword == "RUN" && one.text.contains("cargo"));
        let mut out = BTreeSet::new();
        for one in runs {
            let words: Vec<&str> = one.text.split_whitespace().collect();
            for pair in words.windows(2).filter(|pair| matches!(pair[0], "--bin" | "-p" | "--package" | "--path")) {
                out.extend(names.by_name(file_name(pair[1])));
            }
            out.extend(
                words
                    .iter()
                    .filter_map(|word| word.strip_prefix("--bin=").or_else(|| word.strip_prefix("--package=")))
                    .flat_map(|name| names.by_name(name)),
            );
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Service;

    const TWO: &str = "FROM rust AS build\nRUN cargo build --release\nFROM base AS api\nENV A=1 \\\n  # why\n  B=\"two words\"\nCOPY --from=build /src/target/release/shop-api /bin/\nENTRYPOINT [\"tini\", \"--\"]\nCMD [\"shop-api\", \"--fast\"]\nFROM base AS worker\nCMD shop-worker\n";

    fn names() -> Names {
        let service = |name: &str| Service { name: name.into(), package: "shop".into(), target: "a".into(), crates: Vec::new() };
        Names::new(&[service("shop-api"), service("shop-worker")])
    }

    #[test]
    fn only_what_reaches_a_final_stage_counts() {
        let file = parse(TWO);
        assert_eq!(file.finals(), [1, 2]);
        assert!(file.builds_rust(0) && !file.builds_rust(1));
        assert_eq!(file.command(1), ["tini", "--", "shop-api", "--fast"]);
        assert_eq!(file.services(1, &names()).1.unwrap(), "shop-api");
        assert_eq!(file.services(2, &names()).1.unwrap(), "shop-worker");
        let env = &file.stages[1].instructions[0];
        assert_eq!(env.words.iter().map(|word| (word.line, word.text.as_str())).collect::<Vec<_>>(), [(4, "A=1"), (6, "B=two words")]);
    }

    #[test]
    fn here_documents_and_lines_of_templates_are_no_instructions() {
        let file = parse(
            "FROM {{ image[base] }}\nRUN <<EOF\nVOLUME /not\nEOF\n{% if x %}\nENV A=1 \\\n{% if y %}\n  B=2\n{% endif %}\n\nVOLUME /data\n{% endif %}\n",
        );
        let keywords: Vec<&str> = file.stages[0].instructions.iter().map(|one| one.keyword.as_str()).collect();
        assert_eq!(keywords, ["RUN", "ENV", "VOLUME"]);
    }

    #[test]
    fn a_stage_that_others_stand_on_is_no_image() {
        let file = parse("FROM debian AS base\nENV A=1\nCMD [\"x\"]\nFROM base\nUSER shop\n");
        assert_eq!(file.finals(), [1]);
        assert_eq!(file.effective(1).count(), 3);
    }
}
