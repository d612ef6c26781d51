//! Random edits of a tree, as people and editors make them; the same seed gives the same edits. Shared with `benches/warm.rs`.

use std::fs;
use std::path::{Path, PathBuf};

/// A tree that is edited.
pub(crate) struct Editor {
    root: PathBuf,
    /// Relative paths and texts of the files as they were.
    originals: Vec<(String, String)>,
    seed: u64,
}

/// Folders without anything to edit.
const PASSED: [&str; 3] = [".git", "target", "node_modules"];

impl Editor {
    /// Edits the files that are below a folder now.
    pub(crate) fn new(root: &Path, seed: u64) -> Self {
        let mut originals = Vec::new();
        collect(root, root, &mut originals);
        originals.sort();
        Self { root: root.to_owned(), originals, seed }
    }

    fn below(&mut self, bound: usize) -> usize {
        // SplitMix64.
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound.max(1) as u64).unwrap_or_default()
    }

    /// One of the files whose name ends so.
    fn pick(&mut self, endings: &[&str]) -> (String, String) {
        let found: Vec<usize> =
            (0..self.originals.len()).filter(|at| endings.iter().any(|ending| self.originals[*at].0.ends_with(ending))).collect();
        let at = if found.is_empty() { self.below(self.originals.len()) } else { found[self.below(found.len())] };
        self.originals[at].clone()
    }

    /// Edits one file; tells what was done.
    pub(crate) fn edit(&mut self) -> String {
        match self.below(20) {
            0..=13 => self.edit_text(&[".rs"]),
            14 => self.edit_text(&["Cargo.toml"]),
            15 => self.edit_text(&["statemap.toml"]),
            16..=17 => self.edit_text(&[".yaml", ".yml", ".toml", ".env", ".sql", ".json", "Dockerfile"]),
            _ => self.edit_files(),
        }
    }

    fn edit_text(&mut self, endings: &[&str]) -> String {
        let (path, original) = self.pick(endings);
        let file = self.root.join(&path);
        // Now and then anew, so that the tree does not decay.
        let text = if self.below(3) == 0 { original } else { fs::read_to_string(&file).unwrap_or(original) };
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let (at, other) = (self.below(lines.len() + 1), self.below(lines.len() + 1));
        let number = self.below(1000);
        let is_rust = path.ends_with(".rs");
        let comment = if is_rust { "//" } else { "#" };
        let what = match self.below(if is_rust { 18 } else { 9 }) {
            0 | 1 => {
                lines.insert(at, format!("{comment} edit {number}"));
                "a comment"
            }
            2 => {
                lines.insert(at, String::new());
                "a blank line"
            }
            3 if at < lines.len() => {
                lines.remove(at);
                "a line less"
            }
            4 if at < lines.len() => {
                lines.insert(at, lines[at].clone());
                "a line twice"
            }
            5 if at < lines.len() && other < lines.len() => {
                lines.swap(at, other);
                "two lines swapped"
            }
            6 => {
                let words = [" cache", "8", "\"x\"", " statemap: owner = \"edit\"", " statemap: ignore = \"edit\""];
                lines.insert(at, format!("{comment}{}", words[number % words.len()]));
                "a directive"
            }
            7 | 8 => {
                let of_digit = |line: &String| line.contains(|c: char| c.is_ascii_digit());
                match (0..lines.len()).map(|step| (at + step) % lines.len().max(1)).find(|at| of_digit(&lines[*at])) {
                    Some(at) => {
                        lines[at] = lines[at].replacen(|c: char| c.is_ascii_digit(), &(number % 10).to_string(), 1);
                        "another number"
                    }
                    None => "nothing",
                }
            }
            9 | 10 => {
                let opens = |line: &String| line.trim_start().starts_with(['p', 'f', 'a']) && line.contains("fn ") && line.ends_with('{');
                match (0..lines.len()).map(|step| (at + step) % lines.len().max(1)).find(|at| opens(&lines[*at])) {
                    Some(at) => {
                        let statements = [
                            format!("    let _ = std::env::var(\"EDIT_{number}\");"),
                            format!("    let _ = std::fs::write(\"/var/lib/edit/{number}\", b\"x\");"),
                            "    let edited = 1 + 1;".to_owned(),
                            "    println!(\"edited\");".to_owned(),
                            "    let _ = tokio::spawn(async { loop { tokio::time::sleep(std::time::Duration::from_secs(5)).await } });"
                                .to_owned(),
                        ];
                        lines.insert(at + 1, statements[number % statements.len()].clone());
                        "a statement"
                    }
                    None => "nothing",
                }
            }
            11 => {
                lines.push(format!("static EDIT_{number}: std::sync::Mutex<Vec<u8>> = std::sync::Mutex::new(Vec::new());"));
                "a static"
            }
            12 => {
                lines.push(format!("/// Edited.\npub fn edit_{number}(x: &str) -> Option<u64> {{ x.parse().ok() }}"));
                "a function"
            }
            13 => {
                lines.push(format!("#[cfg(test)]\nmod edit_{number} {{\n    #[test]\n    fn it() {{}}\n}}"));
                "a test"
            }
            14 => {
                for line in &mut lines {
                    *line = line.replace("    ", "  ");
                }
                "another indentation"
            }
            15 => {
                let macros = format!("macro_rules! edit_{number} {{ ($x:expr) => {{ std::thread::spawn(move || $x) }}; }}");
                lines.insert(0, macros);
                "a macro"
            }
            16 => {
                let words: Vec<String> =
                    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| word.len() > 3).map(str::to_owned).collect();
                if !words.is_empty() {
                    let (from, to) = (words[self.below(words.len())].clone(), words[self.below(words.len())].clone());
                    lines = text.replacen(&from, &to, 1).lines().map(str::to_owned).collect();
                }
                "another word"
            }
            _ => {
                lines.truncate(at);
                "cut off"
            }
        };
        put(&file, &(lines.join("\n") + "\n"));
        format!("{path}: {what}")
    }

    fn edit_files(&mut self) -> String {
        let (path, text) = self.pick(&[".rs", ".yaml", ".toml"]);
        let file = self.root.join(&path);
        match self.below(4) {
            0 => {
                let _ = fs::remove_file(&file);
                format!("{path}: removed")
            }
            1 => {
                let other = file.with_file_name(format!("edit_{}.rs", self.below(5)));
                let _ = fs::rename(&file, &other);
                format!("{path}: renamed")
            }
            2 => {
                let (other, _) = self.pick(&[".rs"]);
                put(&self.root.join(&other).with_file_name(format!("added_{}.rs", self.below(5))), &text);
                format!("{other}: a file beside it")
            }
            _ => {
                put(&file, &text);
                format!("{path}: as it was")
            }
        }
    }
}

fn put(file: &Path, text: &str) {
    if let Some(folder) = file.parent() {
        let _ = fs::create_dir_all(folder);
    }
    let _ = fs::write(file, text);
}

fn collect(root: &Path, folder: &Path, out: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if PASSED.iter().any(|passed| name == *passed) {
            continue;
        }
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            collect(root, &path, out);
        } else if kind.is_file()
            && let Ok(text) = fs::read_to_string(&path)
            && let Some(relative) = path.strip_prefix(root).ok().and_then(Path::to_str)
        {
            out.push((relative.to_owned(), text));
        }
    }
}
