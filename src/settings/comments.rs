//! `statemap:` comments of settings files, and the keys of the section that a comment stands above.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::files::Format;
use crate::facts::Comment;
use crate::manifests::comments::read_signed;
use crate::manifests::yaml::{Node, Value};

/// At most so deep is a section looked into.
const MAX_DEPTH: usize = 64;

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
        walk(root, &targets, &mut Vec::new(), &mut lines, 0);
        self.sections = lines;
    }
}

/// Adds the line of each key to the sections that it stands in.
fn walk(node: &Node, targets: &[u32], inside: &mut Vec<u32>, out: &mut BTreeMap<u32, Vec<u32>>, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    let Value::Map(entries) = &node.value else { return };
    for entry in entries {
        for section in inside.iter().filter(|section| **section != entry.at.line) {
            out.entry(*section).or_default().push(entry.at.line);
        }
        if matches!(entry.node.value, Value::Map(_)) {
            let is_spoken_of = targets.contains(&entry.at.line) && !inside.contains(&entry.at.line);
            inside.extend(is_spoken_of.then_some(entry.at.line));
            walk(&entry.node, targets, inside, out, depth + 1);
            if is_spoken_of {
                inside.pop();
            }
        }
    }
}
