//! Scripts that are copied into an image: the one that it starts, with what it leaves behind, and those that run a service by hand
//! or by a step of a release.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::dockerfile::{Dockerfile, Instruction};
use super::draft::Draft;
use super::hide;
use super::image::{NOISE, named};
use super::script::{self, Script};
use super::shell::Command;
use super::tie::Names;
use super::yaml::Mark;
use crate::model::{FactValue, Scope};
use crate::source::{Tree, file_name, join, parent};

/// At most so many scripts of an image are read.
const MAX_SCRIPTS: usize = 20;

/// The scripts of a stage, with their paths in the tree.
#[derive(Default)]
pub(super) struct Scripts {
    /// The one that the stage starts.
    pub(super) entry: Option<(String, Script)>,
    /// Others, but for the one that asks whether the service lives.
    others: Vec<(String, Script)>,
}

impl Scripts {
    /// Reads the scripts that are copied into a stage.
    pub(super) fn read(dockerfile: &str, file: &Dockerfile, at: usize, tree: &dyn Tree) -> Self {
        let command = file.command(at);
        let started: Vec<&str> = command.iter().filter(|word| !word.starts_with('-')).take(4).map(|word| file_name(word)).collect();
        let health: Vec<String> = file.effective(at).filter(|one| one.keyword == "HEALTHCHECK").flat_map(Instruction::command).collect();
        let mut out = Self::default();
        let copies = file.effective(at).filter(|one| one.keyword == "COPY" && one.flag("from").is_none());
        for one in copies {
            let arguments = one.arguments();
            let Some((target, sources)) = arguments.split_last() else { continue };
            let renamed = (sources.len() == 1 && !target.ends_with('/')).then(|| file_name(target));
            for source in sources.iter().filter(|source| !source.contains('*')) {
                let is_named = |name: &&str| *name == file_name(source) || Some(*name) == renamed;
                let starts = out.entry.is_none() && started.iter().any(is_named);
                let asks = health.iter().any(|word| is_named(&file_name(word.trim_matches(['[', ']', '"', ',']))));
                let told = starts || (!asks && file_name(source).ends_with(".sh") && out.others.len() < MAX_SCRIPTS);
                let Some((path, text)) = told.then(|| text_of(dockerfile, source, tree)).flatten() else { continue };
                if starts {
                    out.entry = Some((path, script::parse(&text)));
                } else {
                    out.others.push((path, script::parse(&text)));
                }
            }
        }
        out
    }

    /// The items of scripts that were not told yet.
    pub(super) fn drafts(&self, services: &BTreeSet<SmolStr>, names: &Names, seen: &mut BTreeSet<String>, out: &mut Vec<Draft>) {
        for (path, script) in self.entry.iter().chain(&self.others) {
            if !seen.insert(path.clone()) {
                for draft in out.iter_mut().filter(|draft| draft.owner == *path) {
                    draft.services.extend(services.iter().cloned());
                }
                continue;
            }
            let is_entry = self.entry.as_ref().is_some_and(|(entry, _)| entry == path);
            let told = Told { path, script, services, names };
            if is_entry {
                told.entry(out);
            } else {
                told.release(out);
            }
        }
    }
}

/// The path and text of a script of the tree that a Dockerfile copies.
fn text_of(dockerfile: &str, source: &str, tree: &dyn Tree) -> Option<(String, String)> {
    let folder = parent(dockerfile);
    let bases = [folder, parent(folder), ""];
    bases.iter().filter_map(|base| join(base, source.trim_start_matches('/'))).find_map(|path| {
        let text = tree.read(&path).ok().filter(|text| text.starts_with("#!"))?;
        Some((path, text))
    })
}

/// A script that is told.
struct Told<'a> {
    path: &'a str,
    script: &'a Script,
    services: &'a BTreeSet<SmolStr>,
    names: &'a Names,
}

impl Told<'_> {
    fn mark(line: u32) -> Mark {
        Mark::line(line)
    }

    fn draft(&self, what: &str, summary: String) -> Draft {
        Draft::new(self.path, what, file_name(self.path), summary).services(self.services)
    }

    /// What the script that the image starts leaves behind.
    fn entry(&self, out: &mut Vec<Draft>) {
        let (path, name) = (self.path, file_name(self.path));
        if let Some((mask, line)) = &self.script.umask {
            let mask = hide::text(mask);
            let mut draft = self
                .draft("umask", format!("mask of new files, set to `{mask}` by the entry script"))
                .name(format!("umask of {name}"))
                .scope(Scope::Process);
            draft.site(path, Self::mark(*line));
            draft.fact("umask", FactValue::Text(mask), path, Self::mark(*line));
            out.push(draft);
        }
        if !self.script.sources.is_empty() {
            let mut names: Vec<String> = self.script.sources.iter().map(|(path, _)| path.clone()).collect();
            names.dedup();
            let mut draft = self
                .draft("sourced files", format!("settings that the entry script sources: {}", named(&names)))
                .name(format!("sources of {name}"));
            for (source, line) in &self.script.sources {
                draft.site(path, Self::mark(*line));
                draft.fact("sourced", FactValue::Text(hide::text(source)), path, Self::mark(*line));
            }
            out.push(draft);
        }
        let sets: Vec<&(String, String, u32)> = self.script.sets.iter().filter(|(name, ..)| !NOISE.contains(&name.as_str())).collect();
        if !sets.is_empty() {
            let mut names: Vec<String> = sets.iter().map(|(name, value, _)| hide::assignment(name, value)).collect();
            names.dedup();
            let mut draft = self
                .draft("export", format!("variables set by the entry script: {}", named(&names)))
                .name(format!("environment of {name}"));
            for (name, value, line) in sets {
                draft.site(path, Self::mark(*line));
                draft.variable(name, value, path, Self::mark(*line));
            }
            out.push(draft);
        }
        self.made(out);
        let ran: Vec<&Command> = self.script.runs.iter().filter(|one| self.is_service(one) || script::migrates(&one.words)).collect();
        if !ran.is_empty() {
            let before = self.steps("before", "run by every new container before the service starts", &ran);
            out.push(before.name(format!("steps of {name} before the start")));
        }
    }

    fn made(&self, out: &mut Vec<Draft>) {
        if self.script.makes.is_empty() {
            return;
        }
        let mut paths: Vec<String> = self.script.makes.iter().map(|(path, _)| path.clone()).collect();
        paths.dedup();
        let mut draft = self
            .draft("made", format!("folders and files made by the entry script: {}", named(&paths)))
            .name(format!("folders that {} makes", file_name(self.path)))
            .scope(Scope::Host);
        for (made, line) in &self.script.makes {
            draft.site(self.path, Self::mark(*line));
            draft.fact("path", FactValue::Text(hide::text(made)), self.path, Self::mark(*line));
        }
        out.push(draft.lost("what is not on a volume, when the container is replaced; a new one makes it again"));
    }

    /// A script that is started by hand or by a release: it counts when it runs a service or brings a schema up to date.
    fn release(&self, out: &mut Vec<Draft>) {
        let ran: Vec<&Command> = self.script.runs.iter().filter(|one| self.is_service(one) || script::migrates(&one.words)).collect();
        let becomes = self.names.by_command(self.script.execs.iter().map(String::as_str));
        if ran.is_empty() || becomes.is_some() {
            return;
        }
        let draft = self.steps("script", "script in the image that somebody or a rollout runs", &ran);
        out.push(draft.name(file_name(self.path)));
    }

    /// Commands of services and of tools that migrate.
    fn steps(&self, what: &str, when: &str, ran: &[&Command]) -> Draft {
        let said: Vec<String> = ran.iter().map(|one| line_of(one)).collect();
        let mut draft = self.draft(what, format!("{when}: {}", named(&said)));
        for (one, said) in ran.iter().zip(said) {
            draft.site(self.path, Self::mark(one.line));
            draft.fact("runs", FactValue::Text(said), self.path, Self::mark(one.line));
            for (name, value) in &one.sets {
                draft.variable(name, value, self.path, Self::mark(one.line));
            }
            draft.services.extend(one.words.first().and_then(|word| self.names.by_binary(word)).cloned());
        }
        draft
    }

    /// Whether a command starts a binary of the tree.
    fn is_service(&self, command: &Command) -> bool {
        command.words.first().is_some_and(|program| self.names.by_binary(program).is_some())
    }
}

/// A command as people write it.
fn line_of(command: &Command) -> String {
    let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
    hide::command(&words)
}
