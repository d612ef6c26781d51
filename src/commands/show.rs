//! `statemap show`: everything about a piece of state.

use statemap::diag;
use statemap::model::{Item, StateMap};
use statemap::render::{self, RenderOptions, Shown};
use statemap::show::{self, Detail, Found};
use statemap::source::{DirTree, Tree};
use statemap::terminal::{Look, page};

use super::screen::{self, Stream};
use super::session::{self, Session};
use super::{InputError, UsageError, print};
use crate::cli::{Global, Show, ShowFormat};
use crate::exit_code::ExitCode;

/// At most so many ids are listed when a word means several items.
const LISTED: usize = 40;

pub(crate) fn run(args: &Show, global: &Global) -> anyhow::Result<ExitCode> {
    let session = session::open(global, None)?;
    let map = &session.analysis.map;
    let items = items(map, &args.ids)?;
    let details: Vec<Detail<'_>> = items.iter().map(|item| Detail::of(map, &session.analysis.config, item)).collect();
    match args.format {
        ShowFormat::Json => print(&render::pretty(&show::json(map, &details)))?,
        ShowFormat::Markdown => print(&pages(&session, &details, diag::Style::default(), false)?)?,
        ShowFormat::Text => {
            let links = screen::file_links(global, &session.root);
            let look = Look { width: screen::page_width(), colour: screen::colour(Stream::Out, global), links: links.as_ref() };
            let style = diag::Style { colour: look.colour, width: look.width };
            print(&page(&pages(&session, &details, style, true)?, look))?;
        }
    }
    Ok(session.exit_code())
}

/// The items that the words mean, each once.
fn items<'m>(map: &'m StateMap, words: &[String]) -> anyhow::Result<Vec<&'m Item>> {
    let mut out: Vec<&Item> = Vec::new();
    for word in words {
        match show::find(map, word) {
            Found::One(item) if out.iter().any(|known| known.id == item.id) => {}
            Found::One(item) => out.push(item),
            Found::Several(items) => return Err(ambiguous(word, &items)),
            Found::Nothing(near) => return Err(unknown(word, &near)),
        }
    }
    Ok(out)
}

/// The pages of the items, as Markdown; `on_terminal` when links need not lead anywhere but to the files here.
fn pages(session: &Session, details: &[Detail<'_>], style: diag::Style, on_terminal: bool) -> anyhow::Result<String> {
    let tree = DirTree::open(&session.root).map_err(|error| InputError::with_help(error.to_string(), error.help()))?;
    let codes: Vec<show::Code<'_>> = details.iter().map(|detail| show::code(detail.item)).collect();
    let snippets: Vec<String> = codes.iter().map(|code| diag::snippets(&code.marks, &mut |file| tree.read(file).ok(), style)).collect();
    let shown: Vec<Shown<'_>> = details
        .iter()
        .zip(codes.iter().zip(&snippets))
        .map(|(detail, (code, snippet))| Shown { detail, snippet, more: &code.more })
        .collect();
    let outputs = &session.analysis.config.outputs;
    let options = RenderOptions {
        prefix: session.revision.prefix.clone(),
        relative_links: on_terminal,
        // The terminal leads to the files of the tree; a page that is pasted somewhere leads to the host or nowhere.
        link_base: on_terminal.then(String::new),
        templates: outputs.iter().find_map(|output| output.templates.as_ref()).map(|path| session.root.join(path)),
        ..RenderOptions::default()
    };
    let text = render::show(&session.analysis.map, &shown, &options);
    text.map_err(|error| UsageError::with_help(error.report(), "mend the template, or take it out of the folder"))
}

fn ambiguous(word: &str, items: &[&Item]) -> anyhow::Error {
    let mut message = format!("`{}` may mean {} pieces of state:", word.escape_debug(), items.len());
    for item in items.iter().take(LISTED) {
        message.push_str(&line_of(item));
    }
    if items.len() > LISTED {
        message.push_str(&format!("\n  … and {} more", items.len() - LISTED));
    }
    UsageError::with_help(message, "give one of these ids, or a pattern that only one of them matches")
}

fn unknown(word: &str, near: &[&Item]) -> anyhow::Error {
    let mut message = format!("no piece of state is called `{}`", word.escape_debug());
    if !near.is_empty() {
        message.push_str("; spelled most alike:");
        for item in near {
            message.push_str(&line_of(item));
        }
    }
    UsageError::with_help(message, "`statemap list WORD` searches in everything that is known of each")
}

/// An id and where it is, on a line of its own.
fn line_of(item: &Item) -> String {
    let place = item.site().map(|site| format!("  ({}:{})", site.place.file, site.place.line)).unwrap_or_default();
    format!("\n  {}{place}", item.id)
}
