//! `statemap init`: a starter `statemap.toml` that fits the tree.

use std::fmt::Write;

use statemap::annotations::{CONFIG_FILE, USUALLY_REQUIRED, load, quoted_toml};
use statemap::model::{Class, Item, Kind, Severity, StateMap};
use statemap::output::{WriteOptions, has_markers, write_pages};
use statemap::render::is_steering;
use statemap::render::{Existing, MARKER, Page};
use statemap::source::{DirTree, Tree};

use super::outputs::refused;
use super::session::{self, Session};
use super::{UsageError, counted};
use crate::cli::{Global, Init};
use crate::exit_code::ExitCode;

/// More pages than this are not looked at for a map.
const PAGES: usize = 2_000;
/// Kinds of which an example is told best.
const TELLING: &[Kind] = &[Kind::Session, Kind::Cache, Kind::SharedState, Kind::Queue, Kind::EmbeddedDb, Kind::FsWrite, Kind::Pool];

pub(crate) fn run(args: &Init, global: &Global) -> anyhow::Result<ExitCode> {
    let (root, tree) = session::find(global, args.path.as_deref())?;
    let file = root.join(CONFIG_FILE);
    if file.symlink_metadata().is_ok() && !args.force {
        return Err(UsageError::with_help(
            format!("`{}` is there already", file.display()),
            "`statemap annotate` adds to it and keeps what it says; `--force` replaces it",
        ));
    }
    let session = session::open_without_config(global, args.path.as_deref())?;
    let outputs = outputs_found(&tree);
    let text = config(&session, &root_name(&tree), &outputs);
    debug_assert!(load(CONFIG_FILE, &text).1.iter().all(|found| found.severity < Severity::Warning), "{text}");
    let page = Page { path: CONFIG_FILE.to_owned(), text, existing: Existing::Replaced };
    write_pages(&root, &[page], &WriteOptions::default()).map_err(|error| refused(&error))?;
    if !global.quiet {
        tell(&session, &file.display().to_string(), outputs.first().map_or("STATEMAP.md", |output| &output.path));
    }
    Ok(session.exit_code())
}

fn root_name(tree: &DirTree) -> String {
    tree.root().canonicalize().ok().and_then(|root| Some(root.file_name()?.to_string_lossy().into_owned())).unwrap_or_else(|| tree.label())
}

/// A map that is in the tree already.
struct Found {
    path: String,
    is_book: bool,
}

/// The pages that statemap wrote, and those with markers for it.
fn outputs_found(tree: &DirTree) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for file in tree.files().files.iter().filter(|file| file.path.ends_with(".md")).take(PAGES) {
        let Ok(text) = tree.read(&file.path) else { continue };
        let is_ours = text.trim_start_matches('\u{feff}').starts_with(MARKER);
        let book = file.path.strip_suffix("/src/SUMMARY.md").filter(|_| is_ours || has_markers(&text));
        match book {
            Some(folder) => found.push(Found { path: folder.to_owned(), is_book: true }),
            None if is_ours || has_markers(&text) => found.push(Found { path: file.path.to_string(), is_book: false }),
            None => {}
        }
    }
    // The pages of a book are no maps of their own.
    let folders: Vec<String> = found.iter().filter(|output| output.is_book).map(|output| format!("{}/", output.path)).collect();
    found.retain(|output| output.is_book || !folders.iter().any(|folder| output.path.starts_with(folder.as_str())));
    found
}

/// The text of the file: short, and with every default in a comment.
fn config(session: &Session, folder: &str, outputs: &[Found]) -> String {
    let map = &session.analysis.map;
    let mut out = String::from("# What only people know of this tree. `statemap annotate` adds what waits for their words.\n\n");
    push_service(&mut out, map, folder);
    push_outputs(&mut out, outputs);
    push_policy(&mut out);
    if let Some(item) = example(map) {
        let place = item.site().map(|site| format!(", {}", site.place.file)).unwrap_or_default();
        let _ = writeln!(
            out,
            "\n# What is said of one piece of state, or with a pattern (\"{}:*\") of many. {} `{}`{place}:",
            item.kind,
            item.kind,
            one_line(&item.name)
        );
        let _ = writeln!(
            out,
            "# [[state]]\n# id = {}\n# owner = \"…\"\n# on_loss = \"…\"   # what a user notices when it is gone",
            quoted_toml(item.id.as_str())
        );
    }
    out
}

fn push_service(out: &mut String, map: &StateMap, folder: &str) {
    let services: Vec<&str> = map.services.iter().map(|service| service.name.as_str()).collect();
    let repository = map.repository.as_deref().and_then(|url| url.trim_end_matches('/').rsplit('/').next());
    let name = match services.as_slice() {
        [only] => (*only).to_owned(),
        _ => repository.unwrap_or(folder).trim_end_matches(".git").to_owned(),
    };
    let _ = writeln!(out, "[service]\nname = {}", quoted_toml(&name));
    out.push_str("# description = \"…\"   # one sentence on what it does, told above the map\n");
    out.push_str("# owner = \"…\"         # the team for everything that names no other\n");
    if services.len() > 1 {
        let listed: Vec<String> = services.iter().map(|name| quoted_toml(name)).collect();
        let _ = writeln!(out, "# bins = [{}]   # the binaries to look at; without this line, these", listed.join(", "));
    }
}

fn push_outputs(out: &mut String, outputs: &[Found]) {
    match outputs {
        [] => out
            .push_str("\n[output]\npath = \"STATEMAP.md\"\n# format = \"markdown\"   # or \"mdbook\" with a folder as path, or \"json\"\n"),
        outputs => {
            let header = if outputs.len() == 1 { "[output]" } else { "[[output]]" };
            for output in outputs {
                let _ = writeln!(out, "\n{header}\npath = {}", quoted_toml(&output.path));
                if output.is_book {
                    out.push_str("format = \"mdbook\"\n");
                }
            }
        }
    }
}

fn push_policy(out: &mut String) {
    let kinds: Vec<String> = USUALLY_REQUIRED.iter().map(|kind| format!("\"{kind}\"")).collect();
    let (first, second) = kinds.split_at(kinds.len() / 2);
    out.push_str(
        "\n# What `statemap check` fails for (\"deny\"), tells (\"warn\") or lets pass (\"allow\"). These are the defaults.\n[policy]\n",
    );
    for (key, value, what) in [
        ("stale", "\"deny\"", "the committed map does not say what the code says"),
        ("moved", "\"warn\"", "only its line numbers are not those of the code"),
        ("unmatched", "\"deny\"", "an annotation speaks of state that is not there"),
        ("contradicted", "\"deny\"", "the code says otherwise"),
        ("expired", "\"deny\"", "the day of `expires` is over"),
        ("undocumented", "\"allow\"", "state without annotation; \"deny\" once the stubs are filled in"),
    ] {
        let line = format!("# {key} = {value}");
        let _ = writeln!(out, "{line:<26} # {what}");
    }
    let _ = writeln!(out, "# require = [{},\n#   {}]", first.join(", "), second.join(", "));
    out.push_str("# require_keys = [\"owner\", \"on_loss\"]   # by default, any one key will do\n");
    out.push_str("# baseline = \"statemap-baseline.txt\"   # what may stay as it is; `statemap check --write-baseline` writes it\n");
}

/// An item to show an annotation with.
fn example(map: &StateMap) -> Option<&Item> {
    let of_kind = |kind: &Kind| map.items.iter().find(|item| item.kind == *kind && item.class == Class::Mutable);
    TELLING.iter().find_map(of_kind)
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_steering(c) { ' ' } else { c }).collect()
}

fn tell(session: &Session, file: &str, output: &str) {
    let map = &session.analysis.map;
    let shown = map.items.iter().filter(|item| item.class == Class::Mutable).count();
    say!(
        "{file}: written; {} in {} found\n\nnext:",
        counted(shown, "piece of state", "pieces of state"),
        counted(map.services.len(), "service", "services"),
    );
    say!("  statemap gen        writes the map to {output}: read it, and commit it");
    say!("  statemap annotate   adds stubs for what only people know: fill in what is empty");
    say!("  statemap check      fails when the map is stale or an annotation does not hold: put it into CI");
}
