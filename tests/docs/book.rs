//! Pages of the book: reachable, linked to what is there, and complete where they list what the program has.

use std::path::{Path, PathBuf};

use statemap::assess::{FAILURES, RULES, SYMPTOMS};
use statemap::detect::DETECTORS;
use statemap::model::{Kind, Scope};
use statemap::preprocess::{Rest, WORDS};

use crate::project::repository;

fn read(path: impl AsRef<Path>) -> String {
    let path = repository().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Markdown file below a folder, relative to it.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut queue = vec![folder.to_owned()];
    while let Some(dir) = queue.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                queue.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                out.push(path.strip_prefix(folder).unwrap().to_owned());
            }
        }
    }
    out.sort();
    out
}

/// A page without its blocks of code, in which brackets are no links, and with the files that it includes.
fn prose(file: &Path) -> String {
    let mut out = String::new();
    let mut in_code = false;
    for line in std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display())).lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if let Some(included) = line.strip_prefix("{{#include ").and_then(|rest| rest.strip_suffix("}}")) {
            out.push_str(&prose(&file.parent().unwrap().join(included)));
        } else if !in_code {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Targets of `[text](target)`, code spans left out.
pub(super) fn links(text: &str) -> Vec<String> {
    let plain: String = text.split('`').enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "x" }).collect();
    plain.split("](").skip(1).map(|rest| rest.split(')').next().unwrap().to_owned()).collect()
}

/// The anchors that are written out, and those that headings give: lower case, blanks as hyphens, the rest of the punctuation gone.
fn anchors(text: &str) -> Vec<String> {
    let slug = |heading: &str| {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.collect::<String>().trim().to_lowercase().replace(' ', "-")
    };
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| slug(line.trim_start_matches('#')));
    let written = text.lines().filter_map(|line| line.strip_prefix("<a id=\"")?.split_once('"').map(|(id, _)| id.to_owned()));
    headings.chain(written).collect()
}

#[test]
fn every_page_is_in_the_summary_and_every_chapter_is_there() {
    let folder = repository().join("book/src");
    let mut chapters: Vec<PathBuf> = links(&prose(&folder.join("SUMMARY.md"))).into_iter().map(PathBuf::from).collect();
    // A chapter without a file is the place of the sample.
    chapters.retain(|chapter| !chapter.as_os_str().is_empty());
    chapters.sort();
    let mut there = pages(&folder);
    there.retain(|page| page != Path::new("SUMMARY.md"));
    assert_eq!(chapters, there);
}

#[test]
fn every_detector_has_a_page_that_includes_its_reference_text() {
    let index = read("book/src/detectors/index.md");
    for detector in DETECTORS {
        let page = read(format!("book/src/detectors/{}.md", detector.id));
        let include = format!("{{{{#include ../../../src/detect/{}.md}}}}", detector.id.replace('-', "_"));
        assert_eq!(page.trim(), include);
        assert!(index.contains(&format!("[{id}]({id}.md)", id = detector.id)), "the list of detectors lacks {}", detector.id);
    }
}

#[test]
fn every_rule_has_a_page_that_includes_its_reference_text() {
    let index = read("book/src/hazards/index.md");
    let rows: Vec<&str> = index.lines().filter_map(|line| line.strip_prefix("| [")?.split_once(']').map(|(id, _)| id)).collect();
    assert_eq!(rows, RULES.iter().map(|rule| rule.id).collect::<Vec<_>>(), "the list has all rules, in their order");
    for rule in RULES {
        let page = read(format!("book/src/hazards/{}.md", rule.id));
        assert_eq!(page.trim(), format!("{{{{#include ../../../src/assess/rules/{}.md}}}}", rule.id.replace('-', "_")));
        assert!(index.contains(&format!("| [{id}]({id}.md) | {} |", rule.title, id = rule.id)), "{}", rule.id);
        assert!(rule.docs.starts_with(&format!("# `{}`\n", rule.id)), "{}", rule.id);
        for part in ["**Drawn from**", "**One would see**", "**Remedy**", "**Severity**", "**Goes away**", "**Not reported**"] {
            assert!(rule.docs.contains(part), "{} lacks {part}", rule.id);
        }
        // What the program says of every hazard of a rule is what the page says.
        let sketch = rule.sketch.map_or("", |(_, lines)| lines);
        for text in [rule.symptom, rule.remedy, rule.ends_when, sketch] {
            assert!(rule.docs.contains(text), "{}: the page does not say `{text}`", rule.id);
        }
    }
}

#[test]
fn every_symptom_has_a_page_that_includes_its_text() {
    let index = read("book/src/incidents/index.md");
    for symptom in SYMPTOMS {
        let page = read(format!("book/src/incidents/{}.md", symptom.id));
        assert_eq!(page.trim(), format!("{{{{#include ../../../src/assess/symptoms/{}.md}}}}", symptom.id.replace('-', "_")));
        let parts = symptom.parts();
        assert!(index.contains(&format!("| [{}]({}.md) | {} |\n", parts.title, symptom.id, parts.words)), "{}", symptom.id);
    }
}

#[test]
fn every_failure_has_a_page_that_includes_its_text() {
    let index = read("book/src/failures/index.md");
    let rows: Vec<&str> = index.lines().filter(|line| line.starts_with("| [")).collect();
    assert_eq!(rows.len(), FAILURES.len());
    for (failure, row) in FAILURES.iter().zip(rows) {
        let page = read(format!("book/src/failures/{}.md", failure.id));
        assert_eq!(page.trim(), format!("{{{{#include ../../../src/assess/failures/{}.md}}}}", failure.id.replace('-', "_")));
        let parts = failure.parts();
        assert_eq!(row, format!("| [{}]({}.md) | {} |", parts.title, failure.id, parts.event));
    }
}

#[test]
fn relative_links_lead_to_files_and_headings_that_are_there() {
    let book = repository().join("book/src");
    let mut files: Vec<PathBuf> = ["README.md", "CHANGELOG.md", "fixtures/README.md"].map(|name| repository().join(name)).to_vec();
    files.extend(pages(&book).into_iter().map(|page| book.join(page)));
    let mut checked = 0;
    for file in files {
        for link in links(&prose(&file)) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { file.clone() } else { file.parent().unwrap().join(path) };
            assert!(target.exists(), "{} links to `{link}`, which is not there", file.display());
            let is_page = target.extension().is_some_and(|extension| extension == "md");
            if is_page && !anchor.is_empty() {
                assert!(anchors(&prose(&target)).contains(&anchor.to_owned()), "{} links to `{link}`: no such heading", file.display());
            }
            checked += 1;
        }
    }
    assert!(checked > 80, "{checked}");
}

#[test]
fn every_kind_has_its_line_on_the_page_of_kinds() {
    let page = read("book/src/kinds.md");
    for kind in Kind::ALL {
        assert!(page.contains(&format!("\n| [`{kind}`](kinds/{kind}.md) | {} |", kind.title())), "{kind}: {}", kind.title());
    }
    for scope in Scope::ALL {
        assert!(page.contains(&format!("\n| [`{scope}`](scopes.md#{scope}) | ")), "{scope}");
    }
}

#[test]
fn every_kind_and_scope_has_a_page_that_includes_its_reference_text() {
    for kind in Kind::ALL {
        let page = read(format!("book/src/kinds/{kind}.md"));
        assert_eq!(page.trim(), format!("{{{{#include ../../../src/model/kinds/{kind}.md}}}}"));
        assert!(kind.docs().starts_with(&format!("# {kind}\n\nOne item is ")), "{kind}");
        for part in [
            "**Lives** ",
            "**What the map says of it**\n",
            "**What goes wrong**\n",
            "**When it is lost**: ",
            "**What to write about it**: ",
            "**Found by** ",
        ] {
            assert!(kind.docs().contains(&format!("\n\n{part}")), "{kind} lacks {part}");
        }
    }
    let scopes = read("book/src/scopes.md");
    for scope in Scope::ALL {
        assert!(scopes.contains(&format!("{{{{#include ../../src/model/scopes/{scope}.md}}}}\n")), "{scope}");
        assert!(scope.docs().starts_with(&format!("## {scope}\n\n")), "{scope}");
    }
}

/// The names that the texts of kinds link in a folder of the book, with the kinds that do.
fn named_by_kinds(folder: &str) -> Vec<(String, Kind)> {
    let of = |kind: &Kind| {
        let named = links(kind.docs()).into_iter().filter_map(move |link| {
            let page = link.strip_prefix("../")?.strip_prefix(folder)?.strip_prefix('/')?;
            Some(page.strip_suffix(".md")?.to_owned())
        });
        named.map(|name| (name, *kind)).collect::<Vec<_>>()
    };
    Kind::ALL.iter().flat_map(of).collect()
}

/// Everything of a sort is told by a kind that it is about, by its own name, and nothing else is.
#[track_caller]
fn are_told_by_kinds(folder: &str, word: &str, known: &[&str]) {
    let named = named_by_kinds(folder);
    for (name, kind) in &named {
        assert!(known.contains(&name.as_str()), "src/model/kinds/{kind}.md names the {word} `{name}`, which is not there");
        assert!(kind.docs().contains(&format!("{word} [{name}](")) || word.is_empty(), "src/model/kinds/{kind}.md: `{word} [{name}](…)`");
    }
    let missing: Vec<&&str> = known.iter().filter(|id| !named.iter().any(|(name, _)| name == *id)).collect();
    assert!(
        missing.is_empty(),
        "no kind speaks of {missing:?}: say it under \"What goes wrong\" (or \"Found by\") in src/model/kinds/*.md, \
         as `- {word} [name](../{folder}/name.md): what happens`"
    );
}

#[test]
fn every_hazard_symptom_and_detector_is_told_by_a_kind_that_it_is_about() {
    are_told_by_kinds("hazards", "hazard", &RULES.iter().map(|rule| rule.id).collect::<Vec<_>>());
    are_told_by_kinds("incidents", "symptom", &SYMPTOMS.iter().map(|symptom| symptom.id).collect::<Vec<_>>());
    are_told_by_kinds("detectors", "", &DETECTORS.iter().map(|detector| detector.id).collect::<Vec<_>>());
}

#[test]
fn a_rule_that_is_drawn_from_a_kind_is_told_by_that_kind() {
    let named = named_by_kinds("hazards");
    let mut missing = Vec::new();
    for rule in RULES {
        let drawn = rule.docs.split("**Drawn from**").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
        let kinds = drawn.split("of kind ").skip(1).flat_map(|rest| rest.split('`').skip(1).step_by(2).take(1));
        for kind in kinds.filter_map(|word| word.parse::<Kind>().ok()) {
            if !named.contains(&(rule.id.to_owned(), kind)) {
                missing.push(format!("{kind}: {}", rule.id));
            }
        }
    }
    assert!(missing.is_empty(), "texts of src/model/kinds/ that do not name a hazard drawn from their kind: {missing:?}");
}

#[test]
fn what_a_kind_tells_to_write_is_read_without_a_complaint() {
    for kind in Kind::ALL {
        let example = kind.docs().split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap_or_default();
        let (config, diagnostics) = statemap::annotations::load("statemap.toml", example);
        assert!(diagnostics.is_empty(), "{kind}: {diagnostics:?}");
        assert!(!config.states.is_empty() || !config.declared.is_empty(), "{kind} has no example");
        assert!(!example.contains("[[state]]") || example.contains(&format!("\nid = \"{kind}:")), "{kind}: {example}");
    }
}

#[test]
fn the_page_on_templates_names_every_template_and_every_field() {
    let page = prose(&repository().join("book/src/templates.md"));
    for template in statemap::render::templates() {
        assert!(page.contains(&format!("`{}`", template.name)), "{}", template.name);
    }
    let mut views = sources(&repository().join("src/render/view"));
    views.extend(sources(&repository().join("src/render/diff")));
    let fleet = read("src/render/fleet/view.rs");
    let field = |line: &'_ str| {
        let line = line.trim();
        let field = line.strip_prefix("pub(crate) ").or_else(|| line.strip_prefix("pub(super) "))?;
        let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        field.split_once(": ").map(|(name, _)| name.to_owned()).filter(|name| is_name(name))
    };
    let fields = views.iter().chain([&fleet]).flat_map(|view| view.lines()).filter_map(field);
    let missing: Vec<String> = fields.filter(|name| !page.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_catalog_is_as_large_as_the_documents_say() {
    let folder = repository().join("src/catalog/crates");
    let files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let apis: usize = files.iter().map(|file| read(file).lines().filter(|line| line.starts_with("[[api]]")).count()).sum();
    // To the hundred: an entry more or less is no reason to touch the book.
    let hundreds = format!("{},{}00", apis / 1_000, apis % 1_000 / 100);
    let page = read("book/src/catalog.md");
    assert!(page.contains(&format!("these are {} crates", files.len())), "{} crates", files.len());
    assert!(page.contains(&format!("more than {hundreds} groups of APIs")), "{apis} groups of APIs");
    assert!(read("README.md").contains(&format!("of {} crates", files.len())), "{} crates", files.len());
    assert!(read("CHANGELOG.md").contains(&format!("what {} crates hide", files.len())), "{} crates", files.len());
}

#[test]
fn the_page_on_json_names_every_key_that_detectors_give_facts() {
    let page = read("book/src/json.md");
    let detectors = sources(&repository().join("src/detect"));
    let keys = detectors.iter().flat_map(|text| text.split("fact(\"").skip(1)).filter_map(|rest| rest.split_once('"')).map(|(key, _)| key);
    let mut missing: Vec<&str> = keys.filter(|key| !page.contains(&format!("`{key}`"))).collect();
    missing.sort_unstable();
    missing.dedup();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The sources of a folder.
fn sources(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).map(read).collect()
}

#[test]
fn the_page_on_books_names_every_directive_with_its_keys_and_every_option() {
    let page = read("book/src/guide/mdbook.md");
    let rows: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("| `{{#statemap ")?.split("}}`").next()).collect();
    let wanted: Vec<String> = WORDS
        .iter()
        .map(|word| {
            let rest = match word.rest {
                Rest::None => "",
                Rest::Words => " WORD…",
                Rest::Id => " ID",
            };
            let keys: String = word.keys.iter().map(|key| format!(" {key}=…")).collect();
            format!("{}{rest}{keys}", word.name)
        })
        .collect();
    assert_eq!(rows, wanted);
    for key in statemap::preprocess::KEYS {
        assert!(page.contains(&format!("\n| `{key}` | ")), "{key}");
    }
}

#[test]
fn what_a_review_is_told_to_write_is_read_without_a_complaint() {
    let page = read("book/src/guide/incident-review.md");
    let examples: Vec<&str> = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        let (config, diagnostics) = statemap::annotations::load("statemap.toml", example);
        assert!(diagnostics.is_empty(), "{example}: {diagnostics:?}");
        assert_eq!(config.states.len(), 1);
    }
}

#[test]
fn the_page_on_the_architecture_names_every_folder_of_the_source() {
    let page = read("book/src/architecture.md");
    for entry in std::fs::read_dir(repository().join("src")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let own = ["lib.rs", "main.rs", "fixture.rs", "reference.rs", "exit_code.rs", "bin"];
        let is_named = page.contains(&format!("`{name}/`")) || page.contains(&format!("`{name}`"));
        assert!(own.contains(&name.as_str()) || is_named, "`{name}` is not on the page");
    }
}
