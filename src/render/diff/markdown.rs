//! The difference as Markdown, for a comment on a pull request: short, worst first, details folded, bounded in length.

use crate::diff::{
    AspectChange, CapacityChange, Diff, FactChange, HazardChange, How, ItemChange, MessageChange, MessageHow, SetChange, VariableChange,
    VariableHow, VerdictChange, most,
};
use crate::model::{Capacity, Fact, FactValue, Item, Kind, Place, Severity, StateMap};
use crate::render::engine::Engine;
use crate::render::escape::{calling_nobody, code, code_short, inline, one_line, prose, shorten};
use crate::render::item_view;
use crate::render::layout::{Layout, first_few};
use crate::render::phrase::phrase;
use crate::render::words::{label, store_name, thousands, value};
use crate::render::{RenderError, RenderOptions};

use super::view::{
    CapacityView, ChangeView, CountView, DiffView, HazardView, ItemView, ListView, MessageView, SideView, VariableView, VerdictView,
};
use super::{DiffOptions, said};

/// The most that a comment may hold on the host with the tightest bound, with room for what a workflow adds.
pub(super) const MOST: usize = 64_000;
/// How many entries of each list are told: the first that fits.
const ENTRIES: &[usize] = &[100, 40, 15, 6, 2, 0];
/// So many risks are seen without unfolding anything.
const RISKS: usize = 8;
/// At most so many changes of one item are told.
const CHANGES: usize = 12;
/// At most so many entries that are new in a list, or gone from it.
const LISTED: usize = 12;
/// At most so many characters of one text.
const TEXT: usize = 600;

/// Renders a difference as Markdown. `before` and `after` are the maps that were compared.
///
/// # Errors
/// When a template of the user's folder cannot be read, does not parse or does not render.
pub fn diff_markdown(diff: &Diff<'_>, before: &StateMap, after: &StateMap, options: &DiffOptions) -> Result<String, RenderError> {
    let engine = Engine::of("diff.md.tera", options.templates.as_deref())?;
    let render_options = RenderOptions { prefix: options.prefix.clone(), constants: true, ..RenderOptions::default() };
    let layout = |map| Layout::new(map, &render_options, "", |_| String::new());
    let pages = Pages { diff, old: layout(before), new: layout(after), prefix: &options.prefix };
    let mut text = String::new();
    for (at, most) in ENTRIES.iter().enumerate() {
        text = engine.render("diff.md.tera", &pages.view(*most, at > 0))?;
        if text.len() <= MOST {
            break;
        }
    }
    Ok(text)
}

/// Both maps, with what makes links into each.
struct Pages<'a> {
    diff: &'a Diff<'a>,
    old: Layout<'a>,
    new: Layout<'a>,
    prefix: &'a str,
}

impl Pages<'_> {
    /// With at most so many entries of each list.
    fn view(&self, most: usize, cut: bool) -> DiffView {
        let diff = self.diff;
        let (risks, hazards): (Vec<&HazardChange<'_>>, Vec<_>) = diff.hazards.iter().partition(|change| change.is_new_risk());
        let is_required = |change: &&VariableChange<'_>| change.how == VariableHow::Required;
        let (required, variables): (Vec<&VariableChange<'_>>, Vec<_>) = diff.variables.iter().partition(is_required);
        // Notes tell how the input was read: of those, none asks for a reviewer.
        let messages: Vec<&MessageChange<'_>> = diff.messages.iter().filter(|change| change.message.severity > Severity::Note).collect();
        let (risks_shown, risks_more) = first_few(risks.len(), most);
        let (risks_seen, _) = first_few(risks_shown, RISKS);
        let (required_shown, required_more) = first_few(required.len(), most);
        let (hazards_shown, hazards_more) = first_few(hazards.len(), most);
        let (variables_shown, variables_more) = first_few(variables.len(), most);
        let (verdicts_shown, verdicts_more) = first_few(diff.verdicts.len(), most);
        let (capacity_shown, capacity_more) = first_few(diff.capacity.len(), most);
        let (messages_shown, messages_more) = first_few(messages.len(), most);
        DiffView {
            marker: if self.prefix.is_empty() { String::new() } else { format!(": {}", marker(self.prefix)) },
            same: diff.same,
            before: side(diff.before.name, diff.before.revision, &self.old),
            after: side(diff.after.name, diff.after.revision, &self.new),
            counts: self.counts(&risks, &required, &hazards, &messages),
            services_added: diff.services_added.iter().map(|name| code(name)).collect(),
            services_removed: diff.services_removed.iter().map(|name| code(name)).collect(),
            risks: risks[..risks_seen].iter().map(|change| self.hazard(change)).collect(),
            risks_folded: risks[risks_seen..risks_shown].iter().map(|change| self.hazard(change)).collect(),
            risks_more,
            required: required[..required_shown].iter().map(|change| self.variable(change)).collect(),
            required_more,
            verdicts: diff.verdicts[..verdicts_shown].iter().filter_map(verdict).collect(),
            verdicts_more,
            capacity: diff.capacity[..capacity_shown].iter().filter_map(|change| capacity(change)).collect(),
            capacity_more,
            added: self.list(How::Added, most),
            changed: self.list(How::Changed, most),
            removed: self.list(How::Removed, most),
            moved: self.list(How::Moved, most),
            variables: variables[..variables_shown].iter().map(|change| self.variable(change)).collect(),
            variables_more,
            hazards: hazards[..hazards_shown].iter().map(|change| self.hazard(change)).collect(),
            hazards_more,
            messages: messages[..messages_shown].iter().map(|change| self.message(change)).collect(),
            messages_more,
            notes: diff.notes.iter().map(|note| clause(note)).collect(),
            cut,
        }
    }

    fn counts(
        &self,
        risks: &[&HazardChange<'_>],
        required: &[&VariableChange<'_>],
        hazards: &[&HazardChange<'_>],
        messages: &[&MessageChange<'_>],
    ) -> Vec<CountView> {
        let of = |how| self.diff.items(how).filter(|change| is_told(change)).count();
        let new_messages = messages.iter().filter(|change| change.how == MessageHow::Appeared).count();
        let better = hazards.iter().filter(|change| change.how >= crate::diff::HazardHow::Better).count();
        let variables = self.diff.variables.len() - required.len();
        let counts = [
            ("risks", risks.len()),
            ("required", required.len()),
            ("added", of(How::Added)),
            ("changed", of(How::Changed)),
            ("removed", of(How::Removed)),
            ("moved", of(How::Moved)),
            ("variables", variables),
            ("better", better),
            ("messages", new_messages),
        ];
        counts.into_iter().filter(|(_, count)| *count > 0).map(|(what, count)| CountView { what, count }).collect()
    }

    fn list(&self, how: How, most: usize) -> ListView {
        let all: Vec<&ItemChange<'_>> = self.diff.items(how).filter(|change| is_told(change)).collect();
        let (shown, more) = first_few(all.len(), most);
        ListView { items: all[..shown].iter().map(|change| self.item(change)).collect(), more }
    }

    fn item(&self, change: &ItemChange<'_>) -> ItemView {
        let layout = if change.how == How::Removed { &self.old } else { &self.new };
        let said = match change.item.kind {
            _ if change.how == How::Moved => String::new(),
            // What an incident is about first has phrases of its own.
            Kind::Pool
            | Kind::Session
            | Kind::Cache
            | Kind::Static
            | Kind::SharedState
            | Kind::ThreadLocal
            | Kind::Queue
            | Kind::Limiter
            | Kind::SdkClient
            | Kind::BackgroundTask
            | Kind::EmbeddedDb => {
                let what = phrase(change.item);
                let ty = what.ty.map(|ty| format!(" ({ty})")).unwrap_or_default();
                calling_nobody(&format!("{}{ty}{}", what.what, what.rest))
            }
            _ => clause(&change.item.summary),
        };
        let aspects = change.aspects.iter().map(aspect);
        let facts = change.facts.iter().filter(|fact| !said::is_default_only(fact)).flat_map(|fact| self.fact(fact));
        let changes: Vec<ChangeView> = facts.chain(aspects).chain(defaults(&change.facts)).collect();
        let (shown, changes_more) = first_few(changes.len(), CHANGES);
        ItemView {
            kind: change.kind.as_str(),
            title: layout.title(change.item),
            what: said,
            id: code(change.id.as_str()),
            was: change.was.map(|id| code(id.as_str())),
            at: change.item.site().map(|site| place(layout, &site.place)),
            services: layout.services(change.item).iter().map(|name| code(name)).collect(),
            changes: changes.into_iter().take(shown).collect(),
            changes_more,
        }
    }

    /// A fact, and what sets it from outside.
    fn fact(&self, change: &FactChange<'_>) -> Vec<ChangeView> {
        let told = |fact: Option<&Fact>| fact.map(|fact| value(fact).unwrap_or_else(|| unknown(fact)));
        let is_env = change.key == "env";
        let mut out = Vec::new();
        if !change.is_set_only() {
            let layout = if change.after.is_some() { &self.new } else { &self.old };
            let fact = change.after.or(change.before);
            let (before, after, added, gone) = match list_change(change) {
                Some((added, gone)) => (None, None, added, gone),
                None => (told(change.before), told(change.after), Vec::new(), Vec::new()),
            };
            out.push(ChangeView {
                label: name(change.key),
                before,
                after,
                added,
                gone,
                from: fact.filter(|fact| fact.value.is_some()).and_then(said::origin).map(|origin| clause(&origin)),
                at: fact.and_then(|fact| fact.at.as_ref()).map(|at| place(layout, at)),
            });
        }
        // With the fact goes what set it.
        for set in change.set().into_iter().filter(|_| change.after.is_some()) {
            out.push(self.set(change, &set, is_env));
        }
        out
    }

    fn set(&self, change: &FactChange<'_>, set: &SetChange<'_>, is_env: bool) -> ChangeView {
        let fact = change.after.or(change.before);
        let told = |set: Option<&crate::model::SetBy>| {
            set.map(|set| match (&set.value, set.hidden, fact) {
                (_, true, _) => "a hidden value".to_owned(),
                (Some(given), _, Some(fact)) => {
                    // The variable itself has no unit.
                    let as_fact = Fact { value: Some(given.clone()), set: Vec::new(), provenance: set.provenance, ..fact.clone() };
                    value(&as_fact).unwrap_or_default()
                }
                _ => "a value not known".to_owned(),
            })
        };
        let layout = if set.after.is_some() { &self.new } else { &self.old };
        let by = set.after.or(set.before);
        let setter = by.map(said::setter).unwrap_or_default();
        let what = if is_env { "set by".to_owned() } else { format!("{}, set by", name(change.key)) };
        ChangeView {
            label: format!("{what} {}", clause(&setter)),
            before: told(set.before),
            after: told(set.after),
            added: Vec::new(),
            gone: Vec::new(),
            from: None,
            at: by.map(|set| place(layout, &set.at)),
        }
    }

    fn hazard(&self, change: &HazardChange<'_>) -> HazardView {
        let layout = if change.after.is_some() { &self.new } else { &self.old };
        let hazard = change.hazard();
        let text = |text: &str| clause(shorten(&one_line(text), TEXT).as_ref());
        let item = hazard.and_then(|hazard| layout.item(hazard.items.first()?.as_str()));
        let evidence = hazard.and_then(|hazard| hazard.evidence.iter().find_map(|one| one.at.as_ref()));
        let at = item.and_then(Item::site).map(|site| &site.place).or(evidence);
        let before = change.before.zip(change.after).filter(|(old, new)| old.message != new.message).map(|(old, _)| old);
        HazardView {
            how: said::hazard(change.how),
            severity: change.severity().as_str(),
            severity_before: change.before.map(|old| old.severity.as_str()).filter(|word| *word != change.severity().as_str()),
            rule: code(change.rule),
            message: hazard.map(|hazard| text(&hazard.message)).unwrap_or_default(),
            message_before: before.map(|old| text(&old.message)),
            arithmetic: hazard.and_then(|hazard| hazard.arithmetic.as_deref()).map(|sum| calling_nobody(&prose(sum))),
            remedy: hazard.map(|hazard| text(&hazard.remedy)).filter(|remedy| !remedy.is_empty()),
            accepted: change.after.and_then(|hazard| hazard.acknowledged.as_ref()).map(|by| text(&by.reason)),
            at: at.map(|at| short_place(layout, at)),
        }
    }

    fn variable(&self, change: &VariableChange<'_>) -> VariableView {
        let layout = if change.how == VariableHow::Removed { &self.old } else { &self.new };
        let quoted = |text: &Option<String>| text.as_deref().map(|text| code_short(text, 80));
        VariableView {
            name: code_short(&change.name, 120),
            how: said::variable(change),
            is_default: change.how == VariableHow::Default,
            default_before: quoted(&change.default_before),
            default_after: quoted(&change.default_after),
            set_by: change.set_by.iter().map(|source| code_short(source, 80)).collect(),
            required: change.how == VariableHow::Required,
            services: layout.services(change.of).iter().map(|name| code(name)).collect(),
            at: change.of.site().map(|site| place(layout, &site.place)),
        }
    }

    fn message(&self, change: &MessageChange<'_>) -> MessageView {
        let gone = change.how == MessageHow::Gone;
        let layout = if gone { &self.old } else { &self.new };
        let found = change.message;
        MessageView {
            gone,
            severity: if found.severity == Severity::Error { "error" } else { "warning" },
            message: clause(shorten(&one_line(&crate::diag::plain_message(&found.message)), TEXT).as_ref()),
            at: found.file.as_ref().map(|file| match found.line {
                Some(line) => place(layout, &Place { file: file.clone(), line, column: 1 }),
                None => code(file),
            }),
        }
    }
}

/// Variables are told in a list of their own, unless more of them differs than they are asked for.
pub(super) fn is_told(change: &ItemChange<'_>) -> bool {
    crate::diff::variable(change.item).is_none() || (change.how == How::Changed && change.facts.iter().any(FactChange::is_set_only))
}

/// What sets a value that is not known.
fn unknown(fact: &Fact) -> String {
    match &fact.from {
        Some(from) => format!("set from {}", code_short(from, 80)),
        None => "not known".to_owned(),
    }
}

/// What a fact is about: a key of the settings is told as it is written.
fn name(key: &str) -> String {
    key.strip_prefix(Fact::SETTING).map_or_else(|| label(key), |key| code_short(key, 80))
}

fn aspect(change: &AspectChange) -> ChangeView {
    let text = |text: &Option<String>| text.as_deref().map(|text| clause(shorten(&one_line(text), 160).as_ref()));
    let label = match &change.of {
        Some(of) if change.aspect == crate::diff::Aspect::Total => format!("{} of {}", said::aspect(change.aspect), code_short(of, 80)),
        Some(of) => format!("{} {}", said::aspect(change.aspect), code_short(of, 80)),
        None => said::aspect(change.aspect).to_owned(),
    };
    let quoted = |text: &Option<String>| text.as_deref().map(|text| code_short(text, 120));
    let is_code = matches!(change.aspect, crate::diff::Aspect::Type);
    let told = |side: &Option<String>| if is_code { quoted(side) } else { text(side) };
    ChangeView { before: told(&change.before), after: told(&change.after), ..plain(label) }
}

/// A change of which no more than its label is known.
fn plain(label: String) -> ChangeView {
    ChangeView { label, before: None, after: None, added: Vec::new(), gone: Vec::new(), from: None, at: None }
}

/// How many of the library's defaults are stated now, or no longer are.
fn defaults(facts: &[FactChange<'_>]) -> Option<ChangeView> {
    let (now, before): (Vec<&FactChange<'_>>, Vec<_>) =
        facts.iter().filter(|fact| said::is_default_only(fact)).partition(|fact| fact.after.is_some());
    let told = |facts: &[&FactChange<'_>]| (!facts.is_empty()).then(|| format!("{} stated", facts.len()));
    let label = "defaults of the library".to_owned();
    (now.len() + before.len() > 0).then(|| ChangeView { before: told(&before), after: told(&now), ..plain(label) })
}

/// What a long list has that it had not, and what it had.
fn list_change(change: &FactChange<'_>) -> Option<(Vec<String>, Vec<String>)> {
    let text = |fact: Option<&Fact>| match fact?.value.as_ref()? {
        FactValue::Text(text) => Some(one_line(text)),
        _ => None,
    };
    let (before, after) = (text(change.before)?, text(change.after)?);
    let (added, gone) = said::list_change(&before, &after)?;
    let quoted = |entries: Vec<&str>| entries.into_iter().take(LISTED).map(|entry| code_short(entry, 60)).collect();
    Some((quoted(added), quoted(gone)))
}

fn verdict(change: &VerdictChange<'_>) -> Option<VerdictView> {
    let (before, after) = (change.before?, change.after?);
    let clauses = |reasons: &[&crate::model::Reason]| reasons.iter().map(|reason| clause(&reason.clause)).collect();
    let differ = before.replicas != after.replicas;
    Some(VerdictView {
        service: code(change.service),
        before: said::answer(before.answer),
        after: said::answer(after.answer),
        why_added: clauses(&change.why_added),
        why_removed: clauses(&change.why_removed),
        replicas_before: before.replicas.filter(|_| differ),
        replicas_after: after.replicas.filter(|_| differ),
    })
}

fn capacity(change: &CapacityChange<'_>) -> Option<CapacityView> {
    let capacity = change.capacity()?;
    let address = capacity.address.as_ref().map(|address| format!(" at {}", code_short(address, 60))).unwrap_or_default();
    let environment = capacity.environment.as_ref().map(|environment| format!(" in {}", inline(environment))).unwrap_or_default();
    let at_least = |capacity: &Capacity| if capacity.at_least { "at least " } else { "" };
    let at_rest = |side: Option<&Capacity>| side.map(|one| format!("{}{}", at_least(one), thousands(one.at_rest)));
    let highest = |side: Option<&Capacity>| side.map(|one| format!("{}{}", at_least(one), thousands(most(one))));
    let limit = capacity.limit.as_ref();
    Some(CapacityView {
        store: format!("{}{address}{environment}", store_name(&capacity.store)),
        at_rest_before: at_rest(change.before),
        at_rest_after: at_rest(change.after),
        most_before: highest(change.before),
        most_after: highest(change.after),
        takes: limit.map(|limit| thousands(limit.connections)),
        over: change.after.is_some_and(|after| limit.is_some_and(|limit| most(after) > limit.connections)),
    })
}

fn side(name: &str, revision: Option<&str>, layout: &Layout<'_>) -> SideView {
    let commit = revision.map(|revision| {
        let short = code(revision.get(..10).unwrap_or(revision));
        layout.links.commit().map_or(short.clone(), |target| format!("[{short}]({target})"))
    });
    // What stands for a commit by its hash needs no second one.
    let is_hash = name.len() >= 7 && revision.is_some_and(|revision| revision.starts_with(name));
    SideView { name: if is_hash { String::new() } else { calling_nobody(&inline(&shorten(name, 120))) }, commit }
}

/// A part of a sentence that calls nobody.
fn clause(text: &str) -> String {
    calling_nobody(&item_view::clause(text))
}

/// A place, linked when the host is known: in a comment no other link leads anywhere.
fn place(layout: &Layout<'_>, at: &Place) -> String {
    if layout.links.has_host() { layout.links.place("", &at.file, at.line) } else { code(&format!("{}:{}", at.file, at.line)) }
}

/// As [`place`], without the folders that a table has no room for.
fn short_place(layout: &Layout<'_>, at: &Place) -> String {
    if layout.links.has_host() { layout.links.short_place("", &at.file, at.line) } else { place(layout, at) }
}

/// A path that cannot end a comment of HTML.
fn marker(prefix: &str) -> String {
    prefix.chars().map(|c| if c.is_alphanumeric() || matches!(c, '/' | '_' | '.') { c } else { '_' }).collect()
}
