//! Files of statements that code takes in (`query_file!`, `include_str!`): their text, where the body names them.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::discover::Discovery;
use crate::resolve::{BodyFacts, Program};
use crate::source::{Tree, join, parent};

/// Puts the texts of the named files among the strings of the bodies.
pub(super) fn take_in(tree: &dyn Tree, program: &Program<'_>, discovery: &Discovery, bodies: &mut [BodyFacts]) {
    let mut read: BTreeMap<SmolStr, Option<SmolStr>> = BTreeMap::new();
    for body in bodies.iter_mut().filter(|body| !body.statement_files.is_empty()) {
        for named in std::mem::take(&mut body.statement_files) {
            let Some(file) = program.files.get(named.at.file as usize).map(|file| file.file.as_str()) else { continue };
            let from = if named.in_package { package_of(discovery, file) } else { parent(file) };
            let Some(path) = join(from, &named.path) else { continue };
            let text = read.entry(path.clone().into()).or_insert_with(|| tree.read(&path).ok().map(SmolStr::from));
            body.strings.extend(text.iter().map(|text| (text.clone(), named.at)));
        }
    }
}

/// The folder of the package that a file belongs to.
fn package_of<'a>(discovery: &'a Discovery, file: &str) -> &'a str {
    let folders = discovery.packages.iter().map(|package| package.dir.as_str());
    let holds = |dir: &&str| dir.is_empty() || file.strip_prefix(*dir).is_some_and(|rest| rest.starts_with('/'));
    folders.filter(holds).max_by_key(|dir| dir.len()).unwrap_or("")
}
