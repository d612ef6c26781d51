//! Generated chapters in a book that people write: below a chapter of theirs or behind the last one, numbered on.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use mdbook_preprocessor::book::{Book, BookItem, Chapter, SectionNumber};
use mdbook_summary::{Link, Summary, SummaryItem, parse_summary};

use super::options::{BookOptions, Place};
use super::{PreprocessError, slashed};
use crate::annotations::nearest;
use crate::model::StateMap;
use crate::render::{Fragments, Page, RenderError, RenderOptions, mdbook, unmarked};

/// The folder when none is named.
const FOLDER: &str = "statemap";
/// The name when none is given.
const TITLE: &str = "State map";

/// Where the chapters go.
#[derive(Debug)]
pub(super) struct Plan {
    /// The folder of their pages.
    pub(super) folder: String,
    title: String,
    place: Place,
}

/// Finds a place for the chapters; `None` when the book asks for none.
pub(super) fn plan(book: &Book, options: &BookOptions, pages: &Path) -> Result<Option<Plan>, PreprocessError> {
    let title = options.title.clone().unwrap_or_else(|| TITLE.to_owned());
    match &options.place {
        Place::Nowhere => return Ok(None),
        Place::End => {}
        Place::At(wanted) if book.iter().any(|item| is_meant(item, wanted)) => {}
        Place::At(wanted) => {
            let chapters: Vec<&Chapter> = book.iter().filter_map(chapter).collect();
            let paths: Vec<String> = chapters.iter().filter_map(|chapter| chapter.source_path.as_deref()).map(slashed).collect();
            let names = chapters.iter().map(|chapter| chapter.name.as_str()).chain(paths.iter().map(String::as_str));
            return Err(PreprocessError::Chapters {
                message: format!("`chapters = \"{wanted}\"` of book.toml names no chapter of SUMMARY.md"),
                help: match nearest(wanted, names) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => format!("add a line `- [{wanted}]()` to SUMMARY.md, or write `chapters = true`"),
                },
            });
        }
    }
    let taken = taken(book);
    let folder = match &options.folder {
        Some(folder) if is_free(folder, &taken, pages) => folder.clone(),
        Some(folder) => {
            return Err(PreprocessError::Chapters {
                message: format!("the book has pages of its own in `{folder}`, the folder of the generated chapters"),
                help: "name another `folder` in `[preprocessor.statemap]`".to_owned(),
            });
        }
        None => {
            let names = (1..).map(|n| if n == 1 { FOLDER.to_owned() } else { format!("{FOLDER}-{n}") });
            names.into_iter().find(|name| is_free(name, &taken, pages)).unwrap_or_default()
        }
    };
    Ok(Some(Plan { folder, title, place: options.place.clone() }))
}

/// The paths of pages as they are served, where case and ending make no difference.
fn taken(book: &Book) -> BTreeSet<String> {
    book.chapters().filter_map(|chapter| chapter.path.as_deref()).map(|path| slashed(path).to_lowercase()).collect()
}

/// Whether nothing of the book lies in a folder.
fn is_free(folder: &str, taken: &BTreeSet<String>, pages: &Path) -> bool {
    let below = format!("{}/", folder.to_lowercase());
    !taken.iter().any(|path| path.starts_with(&below)) && pages.join(folder).symlink_metadata().is_err()
}

fn chapter(item: &BookItem) -> Option<&Chapter> {
    match item {
        BookItem::Chapter(chapter) => Some(chapter),
        _ => None,
    }
}

fn is_meant(item: &BookItem, wanted: &str) -> bool {
    chapter(item).is_some_and(|chapter| names(chapter, wanted))
}

fn names(chapter: &Chapter, wanted: &str) -> bool {
    let is_file = |path: &Option<PathBuf>| path.as_deref().is_some_and(|path| slashed(path) == wanted);
    chapter.name == wanted || is_file(&chapter.source_path) || is_file(&chapter.path)
}

/// Puts the chapters of a map where the plan says.
pub(super) fn insert(
    book: &mut Book,
    plan: &Plan,
    map: &StateMap,
    options: &RenderOptions,
    fragments: &Fragments<'_>,
) -> Result<(), PreprocessError> {
    let root = tree(&mdbook(map, options)?, fragments)?.below(&plan.folder);
    match &plan.place {
        Place::At(wanted) => {
            let mut root = Some(root);
            put_at(&mut book.items, wanted, plan, &mut root);
        }
        _ => {
            let numbered = |item: &BookItem| chapter(item).and_then(|chapter| chapter.number.as_ref()?.first().copied());
            let last = book.items.iter().rposition(|item| numbered(item).is_some());
            let number = book.items.iter().filter_map(numbered).max().unwrap_or(0) + 1;
            let at = last.map_or(book.items.len(), |last| last + 1);
            book.items.insert(at, root.chapter(&plan.title, Some(vec![number]), &[], 0).into());
        }
    }
    Ok(())
}

fn put_at(items: &mut [BookItem], wanted: &str, plan: &Plan, root: &mut Option<Node>) {
    for item in items {
        let BookItem::Chapter(chapter) = item else { continue };
        if !names(chapter, wanted) {
            put_at(&mut chapter.sub_items, wanted, plan, root);
            continue;
        }
        let Some(root) = root.take() else { return };
        let number = chapter.number.as_ref().map(|number| number.to_vec());
        let had = chapter.sub_items.iter().filter(|item| matches!(item, BookItem::Chapter(_))).count();
        if chapter.is_draft_chapter() {
            // A chapter without a page of its own becomes the first page of the map.
            let mut filled = root.chapter(&chapter.name, number, &chapter.parent_names, had);
            chapter.content = filled.content;
            chapter.path = filled.path;
            chapter.sub_items.append(&mut filled.sub_items);
        } else {
            let mut parents = chapter.parent_names.clone();
            parents.push(chapter.name.clone());
            let number = number.map(|number| below(&number, had));
            chapter.sub_items.push(root.chapter(&plan.title, number, &parents, 0).into());
        }
        return;
    }
}

/// The number of the next chapter below one that has so many.
fn below(number: &[u32], had: usize) -> Vec<u32> {
    let mut number = number.to_vec();
    number.push(u32::try_from(had + 1).unwrap_or(u32::MAX));
    number
}

/// A generated chapter with those below it.
struct Node {
    name: String,
    /// Its page, relative to the folder of the generated ones; empty for a chapter without a page.
    file: String,
    content: String,
    children: Vec<Node>,
}

impl Node {
    /// The same in a folder.
    fn below(mut self, folder: &str) -> Self {
        if !self.file.is_empty() {
            self.file = format!("{folder}/{}", self.file);
        }
        self.children = self.children.into_iter().map(|child| child.below(folder)).collect();
        self
    }

    /// The chapter for mdBook; those below it are numbered behind `had` others.
    fn chapter(self, name: &str, number: Option<Vec<u32>>, parents: &[String], had: usize) -> Chapter {
        let mut inner = parents.to_vec();
        inner.push(name.to_owned());
        let children = self.children.into_iter().enumerate().map(|(at, child)| {
            let name = child.name.clone();
            BookItem::from(child.chapter(&name, number.as_deref().map(|number| below(number, had + at)), &inner, 0))
        });
        let sub_items = children.collect();
        Chapter {
            name: name.to_owned(),
            content: self.content,
            number: number.map(SectionNumber::new),
            sub_items,
            path: (!self.file.is_empty()).then(|| PathBuf::from(self.file)),
            // No file of the book holds it: nobody can edit it there.
            source_path: None,
            parent_names: parents.to_vec(),
        }
    }
}

/// The chapters of a book of its own as one chapter with others below it: what is a part there is a chapter here.
fn tree(pages: &[Page], fragments: &Fragments<'_>) -> Result<Node, PreprocessError> {
    let text = |file: &str| pages.iter().find(|page| page.path.strip_prefix("src/") == Some(file)).map(|page| unmarked(&page.text));
    let summary = parse_summary(text("SUMMARY.md").unwrap_or_default()).map_err(|error| PreprocessError::Chapters {
        message: format!("the template `SUMMARY.md.tera` makes no list of chapters: {error:#}"),
        help: "compare it with the built-in one: `statemap templates export`".to_owned(),
    })?;
    let Summary { prefix_chapters, numbered_chapters, suffix_chapters, .. } = summary;
    let (mut chapters, mut part): (Vec<Node>, Option<(String, Vec<Node>)>) = (Vec::new(), None);
    let mut items = prefix_chapters.into_iter().chain(numbered_chapters).map(Some).collect::<Vec<_>>();
    items.push(None);
    items.extend(suffix_chapters.into_iter().map(Some));
    for item in items {
        match (item, &mut part) {
            (Some(SummaryItem::Link(link)), Some((_, chapters))) => chapters.push(node(link, &text)),
            (Some(SummaryItem::Link(link)), None) => chapters.push(node(link, &text)),
            (Some(SummaryItem::PartTitle(title)), part) => {
                if let Some((title, nodes)) = part.replace((title, Vec::new())) {
                    chapters.extend(headed(title, nodes, &text, fragments)?);
                }
            }
            // Behind the numbered chapters no part goes on.
            (None, part) => {
                if let Some((title, nodes)) = part.take() {
                    chapters.extend(headed(title, nodes, &text, fragments)?);
                }
            }
            (Some(_), _) => {}
        }
    }
    if chapters.is_empty() {
        chapters.push(Node { name: String::new(), file: "index.md".to_owned(), content: String::new(), children: Vec::new() });
    }
    let mut root = chapters.remove(0);
    root.children.extend(chapters);
    Ok(root)
}

fn node<'t>(link: Link, text: &impl Fn(&str) -> Option<&'t str>) -> Node {
    let file = link.location.as_deref().map(slashed).unwrap_or_default();
    let content = text(&file);
    let nested = link.nested_items.into_iter().filter_map(|item| match item {
        SummaryItem::Link(link) => Some(node(link, text)),
        _ => None,
    });
    let children = nested.collect();
    // A chapter whose page no template makes has none.
    let file = if content.is_some() { file } else { String::new() };
    Node { name: link.name, file, content: content.unwrap_or_default().to_owned(), children }
}

/// The chapters of a part below one: the first of them when it is the index of their folder, else a page that lists them.
fn headed<'t>(
    title: String,
    mut nodes: Vec<Node>,
    text: &impl Fn(&str) -> Option<&'t str>,
    fragments: &Fragments<'_>,
) -> Result<Option<Node>, RenderError> {
    let first = match nodes.as_slice() {
        [] => return Ok(None),
        // One needs nothing above it.
        [_] => return Ok(nodes.pop()),
        [first, ..] => first,
    };
    let folder = first.file.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default();
    let index = format!("{folder}/index.md");
    if first.file == index {
        let mut head = nodes.remove(0);
        head.name = title;
        head.children.extend(nodes);
        return Ok(Some(head));
    }
    if folder.is_empty() || text(&index).is_some() {
        return Ok(Some(Node { name: title, file: String::new(), content: String::new(), children: nodes }));
    }
    let names: Vec<(&str, &str)> = nodes.iter().map(|node| (node.name.as_str(), node.file.as_str())).collect();
    let content = fragments.part(&title, &index, &names)?;
    Ok(Some(Node { name: title, file: index, content, children: nodes }))
}
