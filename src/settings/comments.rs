//! `statemap:` comments of settings files, and the keys of the section that a comment stands above.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::files::Format;
use crate::facts::Comment;
use crate::manifests::comments::read_signed;
use crate::manifests::yaml::{Node, Value};

/// At most so deep is a section looked into.
const MAX_DEPTH: usize = 64;
/// At most so many entries are looked at; aliases make more of them than there are lines.
const MAX_ENTRIES: usize = 50_000;

/// The comments of a settings file that speak to this tool.
#[derive(Clone, Debug, Default)]
pub struct SettingsComments {
    /// The file.
    pub file: SmolStr,
    /// In the order of the file.
    pub comments: Vec<Comment>,
    /// The lines of the keys of a section, by the line on which it begins.
    pub sections: BTreeMap<u32, Vec<u32>>,
}

/// The comments of a text; none when there are none.
pub(super) fn read(file: &SmolStr, text: &str, format: Option<Format>) -> Option<SettingsComments> {
    let signs: &[&str] = match format {
        Some(Format::Json | Format::Ron) => &["//"],
        Some(Format::Ini) => &["#", ";"],
        Some(Format::Toml | Format::Yaml) | None => &["#"],
    };
    let comments = read_signed(text, signs);
    (!comments.is_empty()).then(|| SettingsComments { file: file.clone(), comments, sections: BTreeMap::new() })
}

impl SettingsComments {
    /// Finds the sections that comments stand above.
    pub(super) fn find_sections(&mut self, root: &Node) {
        let targets: Vec<u32> = self.comments.iter().map(|comment| comment.target).collect();
        let mut lines = BTreeMap::new();
        let mut walk = Walk { targets: &targets, inside: Vec::new(), lines: &mut lines, left: MAX_ENTRIES };
        walk.entries(root, 0);
        self.sections = lines;
    }
}

struct Walk<'a> {
    /// Lines that comments stand above.
    targets: &'a [u32],
    /// Those of the sections around an entry.
    inside: Vec<u32>,
    lines: &'a mut BTreeMap<u32, Vec<u32>>,
    left: usize,
}

impl Walk<'_> {
    /// Adds the line of each key to the sections that it stands in.
    fn entries(&mut self, node: &Node, depth: usize) {
        let Value::Map(entries) = &node.value else { return };
        for entry in entries.iter().filter(|_| depth <= MAX_DEPTH) {
            let Some(left) = self.left.checked_sub(1) else { return };
            self.left = left;
            for section in self.inside.iter().filter(|section| **section != entry.at.line) {
                self.lines.entry(*section).or_default().push(entry.at.line);
            }
            if matches!(entry.node.value, Value::Map(_)) {
                let is_spoken_of = self.targets.contains(&entry.at.line) && !self.inside.contains(&entry.at.line);
                self.inside.extend(is_spoken_of.then_some(entry.at.line));
                self.entries(&entry.node, depth + 1);
                if is_spoken_of {
                    self.inside.pop();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifests::yaml;

    #[test]
    fn an_alias_bomb_under_a_comment_ends() {
        let mut text = String::from("a0: &a0 {x: 1}\n");
        for at in 1..60 {
            let below = at - 1;
            text.push_str(&format!("# statemap: owner = \"a\"\na{at}: &a{at} {{x: *a{below}, y: *a{below}}}\n"));
        }
        let mut comments = read(&"a.yaml".into(), &text, Some(Format::Yaml)).unwrap();
        comments.find_sections(&yaml::parse(&text).roots[0]);
        assert_eq!(comments.comments.len(), 59);
        assert!(comments.sections.values().map(Vec::len).sum::<usize>() <= MAX_ENTRIES * MAX_DEPTH);
    }
}
