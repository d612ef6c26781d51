//! Files of variables: `.env` and its templates. What they set is told by name; values as far as they may be shown.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::draft::Draft;
use super::hide;
use super::image::named;
use super::yaml::Mark;
use crate::model::{FactValue, Scope};
use crate::source::file_name;

/// The services that read each variable.
pub(super) type Readers = BTreeMap<SmolStr, BTreeSet<SmolStr>>;

/// A variable of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) line: u32,
    /// It stands in a comment: an offer.
    pub(crate) is_offer: bool,
}

/// Reads a file; in a template, variables that are commented out count, too.
pub(crate) fn parse(text: &str) -> Vec<Variable> {
    let mut out = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        let (line, is_offer) = match line.strip_prefix('#') {
            Some(rest) => (rest.strip_prefix(' ').unwrap_or(rest), true),
            None => (line, false),
        };
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=') else { continue };
        let name = name.trim_end();
        let is_name = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
            && name.starts_with(|c: char| c.is_ascii_uppercase());
        if is_name {
            let value = unquoted(value.trim());
            out.push(Variable { name: name.to_owned(), value, line: u32::try_from(at + 1).unwrap_or(u32::MAX), is_offer });
        }
    }
    out
}

/// A value without its quotes and without the comment behind it.
fn unquoted(value: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote)
            && let Some((inner, _)) = inner.split_once(quote)
        {
            return inner.to_owned();
        }
    }
    value.split_once(" #").map_or(value, |(value, _)| value).trim_end().to_owned()
}

/// Whether a file only shows what could be set.
fn is_template(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    ["template", "sample", "example", "dist", "default"].iter().any(|word| name.contains(word))
}

/// The item of a file; none when the code of no service reads any of its variables.
pub(super) fn draft(path: &str, variables: &[Variable], read: &Readers, used: Option<&BTreeSet<SmolStr>>) -> Option<Draft> {
    let template = is_template(path);
    let told: Vec<&Variable> = variables.iter().filter(|variable| template || !variable.is_offer).collect();
    let known: Vec<&&Variable> = told.iter().filter(|variable| read.contains_key(variable.name.as_str())).collect();
    if told.is_empty() || (known.is_empty() && used.is_none()) {
        return None;
    }
    let mut names: Vec<String> = told.iter().map(|variable| variable.name.clone()).collect();
    names.dedup();
    let mut distinct = names.clone();
    distinct.sort();
    distinct.dedup();
    let count = distinct.len();
    let what = if template { "template of a file of variables" } else { "file of variables" };
    let summary = format!(
        "{what}, {} of which the code reads {}: {}",
        variables_of(count),
        of_them(&known, count),
        named(&distinct_in_order(&names))
    );
    let readers = known.iter().filter_map(|variable| read.get(variable.name.as_str())).flatten().cloned().collect();
    let mut draft = Draft::new(path, "", path, summary).services(used.unwrap_or(&readers));
    // A template lies beside the code: no container has it.
    if !template {
        draft = draft.scope(Scope::Host);
    }
    let mark = |line| Mark::line(line);
    draft.site(path, mark(told[0].line));
    for variable in told {
        if read.contains_key(variable.name.as_str()) || count <= 12 {
            match offered(variable).filter(|_| template) {
                Some(text) => draft.fact(&variable.name, FactValue::Text(text), path, mark(variable.line)),
                None => draft.variable(&variable.name, &variable.value, path, mark(variable.line)),
            }
        }
    }
    Some(draft)
}

/// What a template says of a variable that it does not set: it is commented out, or its value stands for one.
fn offered(variable: &Variable) -> Option<String> {
    let is_open = is_placeholder(&variable.value);
    if !variable.is_offer {
        return is_open.then(|| "(a placeholder)".to_owned());
    }
    // What is hidden is told as set.
    let is_told = !is_open && !variable.value.is_empty() && !hide::hides(&variable.name, &variable.value);
    let value = is_told.then(|| hide::value(&variable.name, &variable.value));
    Some(value.map_or_else(|| "(commented out)".to_owned(), |value| format!("{value} (commented out)")))
}

/// `MUST_BE_CONFIGURED`, `<your token>`, `xxx`, `change-me`: a value that somebody is to fill in.
fn is_placeholder(value: &str) -> bool {
    let value = value.trim();
    let words: Vec<String> = value.split(['_', '-', ' ']).map(str::to_ascii_lowercase).collect();
    let has = |wanted: &[&str]| words.windows(wanted.len()).any(|at| at.iter().zip(wanted).all(|(word, wanted)| word == wanted));
    let first = value.chars().next().map(|c| c.to_ascii_lowercase());
    let one_letter =
        value.len() > 2 && matches!(first, Some('x' | 'y' | 'z')) && value.chars().all(|c| Some(c.to_ascii_lowercase()) == first);
    one_letter
        || value.starts_with('<') && value.ends_with('>')
        || [&["be", "configured"][..], &["change", "me"], &["replace", "me"], &["fill", "me"], &["fill", "in"]]
            .iter()
            .any(|phrase| has(phrase))
        || matches!(words.as_slice(), [only] if matches!(only.as_str(), "changeme" | "replaceme" | "todo" | "placeholder"))
        || words.len() > 1 && words[0] == "your"
}

fn variables_of(count: usize) -> String {
    if count == 1 { "one variable".to_owned() } else { format!("{count} variables") }
}

fn of_them(known: &[&&Variable], count: usize) -> String {
    let distinct: BTreeSet<&str> = known.iter().map(|variable| variable.name.as_str()).collect();
    match distinct.len() {
        0 => "none by that name".to_owned(),
        all if all == count => {
            if count == 1 {
                "it".to_owned()
            } else {
                "all".to_owned()
            }
        }
        some => some.to_string(),
    }
}

fn distinct_in_order(names: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for name in names {
        if !out.contains(name) {
            out.push(name.clone());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_counts_when_the_code_reads_it_and_offers_count_in_templates() {
        let variables = parse("# Text = not a variable\n# DATA=/data\nURL=\"postgres://a:hunter2@db/x\"\nexport N=1\n");
        assert_eq!(variables.len(), 3);
        let read = |name: &str| Readers::from([(SmolStr::new(name), BTreeSet::from([SmolStr::new("shop")]))]);
        let plain = draft(".env", &variables, &read("URL"), None).unwrap();
        assert_eq!(plain.sites[0].line, 3);
        assert!(plain.services.contains("shop"));
        assert!(!format!("{plain:?}").contains("hunter2"));
        assert_eq!(draft(".env.example", &variables, &read("URL"), None).unwrap().sites[0].line, 2);
        assert!(draft(".env", &variables, &read("DATA"), None).is_none());
        let told = |path: &str, text: &str| -> Vec<String> {
            let told = draft(path, &parse(text), &read("A"), None).unwrap();
            told.facts.iter().map(|fact| format!("{} {}", fact.key, fact.value.as_ref().unwrap())).collect()
        };
        let sample = "A=1\n# B=0\n# C_TOKEN=abcdefgh123\nD=MUST_BE_CONFIGURED\n# E=xxx\nF=your-host\nG=your\n";
        let shown = [
            "A 1",
            "B 0 (commented out)",
            "C_TOKEN (commented out)",
            "D (a placeholder)",
            "E (commented out)",
            "F (a placeholder)",
            "G your",
        ];
        assert_eq!(told(".env.sample", sample), shown);
        assert_eq!(told(".env", "A=1\n# B=0\nD=MUST_BE_CONFIGURED\n"), ["A 1", "D MUST_BE_CONFIGURED"]);
        assert_eq!(parse("A=\"x#y\" # why\nB=1 # one\n").iter().map(|one| one.value.as_str()).collect::<Vec<_>>(), ["x#y", "1"]);
    }
}
