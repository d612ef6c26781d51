//! `statemap merge`: the maps of many repositories on one site.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use statemap::fleet::{self, Document, Dropped, Fleet, Found, Unnamed};
use statemap::output::{WriteOptions, WriteReport, write_pages};
use statemap::render::{self, Existing, FleetOptions, Page};

use super::outputs::refused;
use super::{InputError, UsageError, counted, print};
use crate::cli::{Global, Merge, MergeFormat};
use crate::exit_code::ExitCode;

/// How many messages of one sort are told.
const TOLD: usize = 20;

pub(crate) fn run(args: &Merge, global: &Global) -> anyhow::Result<ExitCode> {
    let Loaded { fleet, left_out } = load(&args.maps, args.keep_going, global)?;
    let fleet = with_sites(fleet, args)?;
    let options = FleetOptions { title: args.title.clone(), templates: args.templates.clone(), left_out };
    let format = format_of(args);
    let failed = |error: render::RenderError| UsageError::with_help(error.report(), "mend the template, or leave out `--templates`");
    let (dir, pages, prune) = match (format, place(args, format)?) {
        (MergeFormat::Mdbook, Place::Folder(dir)) => (dir, render::fleet_mdbook(&fleet, &options).map_err(failed)?, Some("src")),
        (MergeFormat::Markdown, place) => {
            let text = render::fleet_markdown(&fleet, &options).map_err(failed)?;
            match single(place, text, Existing::Marked)? {
                Some((dir, page)) => (dir, vec![page], None),
                None => return Ok(ending(&options)),
            }
        }
        (_, place) => match single(place, render::fleet_json(&fleet), Existing::Replaced)? {
            Some((dir, page)) => (dir, vec![page], None),
            None => return Ok(ending(&options)),
        },
    };
    let written = write_pages(&dir, &pages, &WriteOptions { prune, force: args.force, dry_run: false });
    let report = written.map_err(|error| refused(&error))?;
    if !global.quiet {
        tell(&fleet, &dir, &pages, &report);
    }
    Ok(ending(&options))
}

fn ending(options: &FleetOptions) -> ExitCode {
    if options.left_out.is_empty() { ExitCode::Clean } else { ExitCode::Unreadable }
}

fn format_of(args: &Merge) -> MergeFormat {
    let by_name = |path: &PathBuf| match path.extension().and_then(|extension| extension.to_str()) {
        Some("md") => Some(MergeFormat::Markdown),
        Some("json") => Some(MergeFormat::Json),
        _ => None,
    };
    args.format.or_else(|| args.output.as_ref().and_then(by_name)).unwrap_or(MergeFormat::Mdbook)
}

enum Place {
    Stdout,
    File(PathBuf),
    Folder(PathBuf),
}

fn place(args: &Merge, format: MergeFormat) -> anyhow::Result<Place> {
    let is_stdout = |path: &Path| path.as_os_str() == "-" || path == Path::new("/dev/stdout");
    Ok(match (&args.output, format) {
        (Some(path), MergeFormat::Mdbook) if is_stdout(path) => {
            return Err(UsageError::with_help("a book is a folder, not standard output", "name a folder with `-o`"));
        }
        (Some(path), MergeFormat::Mdbook) if path.is_file() => {
            return Err(UsageError::with_help(format!("`{}` is a file; a book needs a folder", path.display()), "name a folder with `-o`"));
        }
        (Some(path), MergeFormat::Mdbook) => Place::Folder(path.clone()),
        (Some(path), _) if is_stdout(path) => Place::Stdout,
        (Some(path), MergeFormat::Markdown) if path.is_dir() => Place::File(path.join("FLEET.md")),
        (Some(path), MergeFormat::Json) if path.is_dir() => Place::File(path.join("fleet.json")),
        (Some(path), _) => Place::File(path.clone()),
        (None, MergeFormat::Mdbook) => Place::Folder(PathBuf::from("statemap-fleet")),
        (None, MergeFormat::Markdown) => Place::File(PathBuf::from("FLEET.md")),
        (None, MergeFormat::Json) => Place::Stdout,
    })
}

/// A page of its own with the folder that it goes to; none when it went to standard output.
fn single(place: Place, text: String, existing: Existing) -> anyhow::Result<Option<(PathBuf, Page)>> {
    let (Place::File(file) | Place::Folder(file)) = place else {
        print(&text)?;
        return Ok(None);
    };
    let name = file.file_name().and_then(|name| name.to_str());
    let Some(name) = name else { return Err(UsageError::with_help("the output needs a file name", "name a file with `-o`")) };
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(Some((dir.to_owned(), Page { path: name.to_owned(), text, existing })))
}

/// Maps that stand beside each other, and the files that do not.
pub(super) struct Loaded {
    pub(super) fleet: Fleet,
    pub(super) left_out: Vec<(String, String)>,
}

/// Finds, reads and names the maps. All files that are wrong are told, not only the first.
pub(super) fn load(arguments: &[String], keep_going: bool, global: &Global) -> anyhow::Result<Loaded> {
    if let Some(threads) = global.threads {
        // A pool that is there already is good enough.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
    }
    let files = fleet::find(arguments).map_err(|error| {
        InputError::with_help(error.to_string(), "name files that `statemap gen --format json` wrote, or folders of them")
    })?;
    let found = fleet::read_all(files).map_err(|error| InputError::with_help(error.to_string(), "nothing was written"))?;
    let mut maps = Vec::new();
    let (mut broken, mut foreign, mut left_out) = (Vec::new(), 0, Vec::new());
    for Found { given, result } in found {
        let file = given.path.display().to_string();
        match result {
            Ok(document) => add(&mut maps, document, &given, &file, global)?,
            Err(error) if error.foreign && given.found => foreign += 1,
            Err(error) => {
                let place = error.at.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
                left_out.push((file.clone(), error.what.clone()));
                broken.push((format!("{file}{place}: {}", error.what), error.help));
            }
        }
    }
    if foreign > 0 && !global.quiet {
        say(&format!("{} of the folders left out: no state maps", counted(foreign, "file", "files")));
    }
    if !broken.is_empty() {
        tell_broken(&broken, keep_going)?;
    }
    if maps.is_empty() {
        return Err(InputError::with_help("no state map was found", "write them with `statemap gen --format json -o FILE`"));
    }
    let (members, dropped) = fleet::name_members(maps).map_err(|clashes| {
        let told: Vec<String> = clashes.iter().take(TOLD).map(|clash| clash.what.clone()).collect();
        let more = clashes.len().saturating_sub(TOLD);
        let more = if more > 0 { format!("\nand {more} more") } else { String::new() };
        UsageError::with_help(visible(&format!("{}{more}", told.join("\nerror: "))), clashes[0].help.clone())
    })?;
    if !global.quiet {
        for Dropped { file, kept } in dropped.iter().take(TOLD) {
            say(&format!("{file} holds the same map as {kept}: told once"));
        }
    }
    Ok(Loaded { fleet: Fleet::new(members), left_out })
}

fn add(maps: &mut Vec<Unnamed>, document: Document, given: &fleet::Argument, file: &str, global: &Global) -> anyhow::Result<()> {
    if document.skipped.all() > 0 && !global.quiet {
        let skipped = document.skipped;
        say(&format!(
            "{file} was written by a newer statemap: {} and {} that this one does not know are left out",
            counted(skipped.items, "item", "items"),
            counted(skipped.hazards + skipped.other, "other part", "other parts"),
        ));
    }
    if given.name.is_some() && document.maps.len() > 1 {
        let help = "give names to the maps of single repositories";
        return Err(UsageError::with_help(format!("`{file}` holds {} maps, which have names already", document.maps.len()), help));
    }
    for (called, map) in document.maps {
        maps.push(Unnamed { file: file.to_owned(), given: given.name.clone(), called, map });
    }
    Ok(())
}

fn tell_broken(broken: &[(String, String)], keep_going: bool) -> anyhow::Result<()> {
    let word = if keep_going { "warning" } else { "error" };
    let (last, others) = broken.split_last().map_or((None, broken), |(last, others)| (Some(last), others));
    for (message, help) in others.iter().take(TOLD) {
        say(&format!("{word}: {message}\nhelp: {help}"));
    }
    if others.len() > TOLD {
        say(&format!("and {} more", others.len() - TOLD));
    }
    let Some((message, help)) = last else { return Ok(()) };
    if keep_going {
        say(&format!("{word}: {message}\nhelp: {help}"));
        return Ok(());
    }
    Err(InputError::with_help(visible(message), format!("{help}; or leave out what cannot be read with `--keep-going`")))
}

/// Texts of other people's files on their way to the terminal.
fn visible(text: &str) -> String {
    text.split('\n').map(render::visible_line).collect::<Vec<_>>().join("\n")
}

fn say(text: &str) {
    // Nobody reads the messages: the work is still done.
    let _ = writeln!(std::io::stderr().lock(), "{}", visible(text));
}

/// Where the pages of each map are published, as the command line says.
fn with_sites(mut fleet: Fleet, args: &Merge) -> anyhow::Result<Fleet> {
    for given in &args.site_url {
        let (name, url) = match given.split_once('=') {
            Some((name, url)) if !name.contains("://") => (Some(name.trim()), url),
            _ => (None, given.as_str()),
        };
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Err(UsageError::with_help(
                format!("`{url}` is no web address"),
                "write `--site-url https://docs.example.org/{name}/` for all, or `--site-url NAME=URL` for one",
            ));
        }
        let mut hit = false;
        for member in fleet.members.iter_mut().filter(|member| name.is_none_or(|name| member.name == name)) {
            hit = true;
            member.site = Some(url.replace("{name}", &member.name));
        }
        if let Some(name) = name.filter(|_| !hit) {
            let known: Vec<&str> = fleet.members.iter().map(|member| member.name.as_str()).collect();
            return Err(UsageError::with_help(format!("no map is called `{name}`"), format!("the maps are: {}", known.join(", "))));
        }
    }
    Ok(fleet)
}

fn tell(fleet: &Fleet, dir: &Path, pages: &[Page], report: &WriteReport) {
    let target = match pages {
        [only] => dir.join(&only.path),
        _ => dir.to_owned(),
    };
    let done = match (report.written.len(), report.removed.len()) {
        (0, 0) => "unchanged".to_owned(),
        (written, 0) => format!("{} written", counted(written, "file", "files")),
        (written, removed) => format!("{} written, {removed} removed", counted(written, "file", "files")),
    };
    let services = fleet.units.iter().filter(|unit| unit.service.is_some()).count();
    let items: usize = fleet.members.iter().map(|member| member.map.items.len()).sum();
    say(&format!(
        "{}: {} of {}, {}; {done}",
        target.display(),
        counted(services, "service", "services"),
        counted(fleet.members.len(), "repository", "repositories"),
        counted(items, "piece of state", "pieces of state"),
    ));
}
