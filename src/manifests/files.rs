//! The files that nodes come from, by number, and the environment that a file speaks for: an object of Kubernetes may be made of
//! several.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::yaml::Mark;
use crate::model::Place;

/// Files by number, from 1.
#[derive(Debug, Default)]
pub(super) struct Files {
    list: Vec<(SmolStr, Option<SmolStr>)>,
    /// Lines that hold only under a condition that is not known, with the condition.
    conditional: BTreeMap<(u32, u32), String>,
}

impl Files {
    /// Takes in a file; its number.
    pub(super) fn add(&mut self, path: impl Into<SmolStr>) -> u32 {
        self.list.push((path.into(), None));
        u32::try_from(self.list.len()).unwrap_or(u32::MAX)
    }

    /// Says that a file speaks for an environment only.
    pub(super) fn speaks_for(&mut self, path: &str, environment: &SmolStr) {
        for (_, of) in self.list.iter_mut().filter(|(known, _)| known == path) {
            *of = Some(environment.clone());
        }
    }

    /// Says that a line of a file holds only under a condition.
    pub(super) fn conditional(&mut self, file: u32, line: u32, condition: &str) {
        self.conditional.insert((file, line), condition.to_owned());
    }

    fn get(&self, number: u32) -> Option<&(SmolStr, Option<SmolStr>)> {
        self.list.get((number as usize).checked_sub(1)?)
    }

    /// The path of a file.
    pub(super) fn path(&self, number: u32) -> Option<&str> {
        self.get(number).map(|(path, _)| path.as_str())
    }
}

/// Where marks are: in one file, unless they say another one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    pub(super) file: &'a str,
    files: Option<&'a Files>,
}

impl<'a> From<&'a str> for Origin<'a> {
    fn from(file: &'a str) -> Self {
        Self { file, files: None }
    }
}

impl<'a> Origin<'a> {
    pub(super) fn new(file: &'a str, files: &'a Files) -> Self {
        Self { file, files: Some(files) }
    }

    /// The path of the file of a mark.
    pub(super) fn path(self, at: Mark) -> &'a str {
        self.files.and_then(|files| files.path(at.file)).unwrap_or(self.file)
    }

    /// The place of a mark.
    pub(super) fn place(self, at: Mark) -> Place {
        Place { file: self.path(at).into(), line: at.line.max(1), column: at.column.max(1) }
    }

    /// The condition that is not known and under which a mark holds.
    pub(super) fn condition(self, at: Mark) -> Option<&'a str> {
        self.files?.conditional.get(&(at.file, at.line)).map(String::as_str)
    }

    /// The environment that the file of a mark speaks for.
    pub(super) fn environment(self, at: Mark) -> Option<SmolStr> {
        self.files?.get(at.file)?.1.clone()
    }
}
