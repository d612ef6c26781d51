//! `show`: one item in full, as a page of its own.

use crate::model::{Access, Answer, Class, Deployment, EntryKind, EntryPoint, Fact, Hazard, Item, Kind, Scope, StateMap, Use};
use crate::show::Detail;

use super::docs::{DocContext, description};
use super::engine::Engine;
use super::escape::{code, code_short, inline, longest_run, prose};
use super::hazards::{accepted, evidence, fenced};
use super::item_view::{self, BEHAVIOUR, annotation_lines, clause, lost, places, sentence, summary_sentence, total_view};
use super::layout::{Layout, first_few};
use super::settings_view;
use super::verdict::copy_of;
use super::view::{
    AgainstView, CopiesRow, DeploymentRow, DurableView, EndingView, EntryRow, FactRow, ShowView, ShownHazard, SymptomRow, UseRow,
};
use super::words::{in_order, is_loss, label, value};
use super::{RenderError, RenderOptions};

/// The page stands by itself: no link leads to another one.
const PAGE: &str = "show.md";
/// At most so many facts, with the places that give their values.
const FACTS: usize = 80;
/// At most so many functions that use it, and routes and tasks on whose way it is used.
const USES: usize = 30;
/// At most so many places beside those that are shown with their code.
const PLACES: usize = 20;
/// At most so many other items, workloads, hazards.
const FEW: usize = 12;
/// At most so many pieces of evidence of one hazard.
const EVIDENCE: usize = 12;

/// What a page of one item is made of.
#[derive(Clone, Copy)]
pub struct Shown<'s> {
    /// What belongs to the item.
    pub detail: &'s Detail<'s>,
    /// Its code with carets, made harmless and without secrets; may hold escape sequences for colours.
    pub snippet: &'s str,
    /// Its places that the snippet does not show.
    pub more: &'s [&'s crate::model::Site],
}

/// Renders items, each as a page of its own. The code of an item stands in a block named `snippet`.
///
/// # Errors
/// When a template of the user's folder cannot be read, does not parse or does not render.
pub fn show(map: &StateMap, shown: &[Shown<'_>], options: &RenderOptions) -> Result<String, RenderError> {
    let engine = Engine::of("show.md.tera", options.templates.as_deref())?;
    // A constant has a title as well.
    let options = RenderOptions { constants: true, ..options.clone() };
    let layout = Layout::new(map, &options, PAGE, |_| PAGE.to_owned());
    let pages: Result<Vec<String>, RenderError> = shown.iter().map(|one| engine.render("show.md.tera", &view(&layout, one))).collect();
    Ok(pages?.join("\n"))
}

fn view(layout: &Layout<'_>, shown: &Shown<'_>) -> ShowView {
    let Detail { item, hazards, symptoms, deployments, ending, against, related, stub } = shown.detail;
    let annotation = item.annotation.as_ref();
    let doc_file = item.site().map_or("", |site| site.place.file.as_str());
    let doc = item.doc.as_deref().map(|doc| description(doc, &DocContext { links: &layout.links, page: PAGE, file: doc_file }));
    let (related_shown, related_more) = first_few(related.len(), FEW);
    let (deployments_shown, deployments_more) = first_few(deployments.len(), FEW);
    let (hazards_shown, hazards_more) = first_few(hazards.len(), FEW);
    let (places_shown, places_more) = first_few(shown.more.len(), PLACES);
    let mut facts = facts(layout, item);
    let (facts_shown, facts_more) = first_few(facts.len(), FACTS);
    facts.truncate(facts_shown);
    let (uses, uses_more) = uses(layout, item);
    let (entries, entries_more) = entries(item);
    ShowView {
        id: code(item.id.as_str()),
        kind: item.kind.as_str(),
        name: layout.title(item),
        summary: match annotation.and_then(|annotation| annotation.summary.as_deref()) {
            Some(summary) => sentence(summary),
            None => summary_sentence(item),
        },
        doc: doc.filter(|doc| !doc.is_empty()),
        ty: item.ty.as_deref().filter(|ty| !ty.trim().is_empty()).map(|ty| code_short(ty, 300)),
        scope: item.scope.as_str(),
        services: item.services.iter().map(|name| code(name)).collect(),
        cfg: item.cfg.as_deref().map(prose),
        confidence: item_view::doubt(item),
        constant: item.class == Class::Constant,
        copies: item.replication.as_ref().map(|replication| CopiesRow {
            of: copy_of(replication.copies),
            number: replication.number,
            at_two: replication.at_two.as_deref().map(clause),
        }),
        related: related[..related_shown].iter().map(|other| code(other.id.as_str())).collect(),
        related_more,
        is_store: item.kind == Kind::ExternalStore,
        snippet: (!shown.snippet.is_empty()).then(|| block("snippet", shown.snippet)),
        places: shown.more[..places_shown].iter().map(|site| layout.links.place(PAGE, &site.place.file, site.place.line)).collect(),
        places_more,
        facts,
        facts_more,
        settings: settings_view::settings(layout, item, PAGE),
        totals: item.totals.iter().map(|total| total_view(layout, total, PAGE)).collect(),
        deployments: deployments[..deployments_shown].iter().map(|one| deployment_row(layout, one, item.scope)).collect(),
        deployments_more,
        verdicts: against
            .iter()
            .map(|(verdict, why)| AgainstView { service: code(&verdict.service), answer: answer(verdict.answer), clause: clause(why) })
            .collect(),
        uses,
        uses_more,
        entries,
        entries_more,
        hides: item.hides.as_deref().map(|hides| sentence(&in_order(hides))),
        lost: lost(item).map(|lost| sentence(&lost)),
        loses: lost(item).as_deref().is_some_and(is_loss),
        in_process: matches!(item.scope, Scope::Process | Scope::Thread | Scope::Task),
        ending: ending.map(|ending| EndingView { how: ending.how.as_str(), at: places(layout, &ending.at, PAGE) }),
        hazards: hazards[..hazards_shown].iter().map(|hazard| hazard_view(layout, hazard)).collect(),
        hazards_more,
        symptoms: symptoms
            .iter()
            .map(|seen| SymptomRow { id: code(seen.symptom.id), title: seen.symptom.parts().title, why: clause(seen.why) })
            .collect(),
        annotation: annotation.map(|annotation| annotation_lines(layout, annotation, PAGE)).unwrap_or_default(),
        annotated_at: annotation.map(|annotation| places(layout, &annotation.places, PAGE)).unwrap_or_default(),
        stub: stub.as_deref().map(|stub| block("toml", stub)),
    }
}

/// Lines between fences that nothing in them ends.
fn block(language: &str, text: &str) -> String {
    let fence = "`".repeat(longest_run(text, '`').max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", text.trim_end())
}

/// Every fact but the keys of settings, each followed by the places that give its value.
fn facts(layout: &Layout<'_>, item: &Item) -> Vec<FactRow> {
    let mut told: Vec<&Fact> = item
        .facts
        .iter()
        .filter(|fact| fact.setting().is_none() && fact.key != Fact::LAYERS && (fact.key != "type" || item.ty.is_none()))
        .collect();
    // What the library does by itself comes last.
    told.sort_by_key(|fact| fact.provenance == crate::model::Provenance::Default);
    let mut rows = Vec::new();
    for fact in told {
        rows.push(FactRow {
            label: Some(label(&fact.key)),
            value: if BEHAVIOUR.contains(&fact.key.as_str()) {
                fact.value.as_ref().map(|said| prose(&said.to_string()))
            } else {
                value(fact)
            },
            hidden: false,
            provenance: fact.provenance.as_str(),
            from: fact.from.as_deref().map(|from| code_short(from, 120)),
            is_fallback: fact.is_fallback(),
            environment: None,
            unless: None,
            at: fact.at.as_ref().map(|at| layout.links.place(PAGE, &at.file, at.line)),
        });
        for set in fact.set.iter().filter(|set| fact.at.as_ref() != Some(&set.at) || set.value != fact.value) {
            let as_fact = Fact { value: set.value.clone(), set: Vec::new(), provenance: set.provenance, ..fact.clone() };
            rows.push(FactRow {
                label: None,
                value: value(&as_fact),
                hidden: set.hidden,
                provenance: set.provenance.as_str(),
                from: (set.source != set.at.file).then(|| code_short(&set.source, 60)),
                is_fallback: false,
                environment: set.environment.as_deref().map(inline),
                unless: set.unless.as_deref().map(code),
                at: Some(layout.links.place(PAGE, &set.at.file, set.at.line)),
            });
        }
    }
    rows
}

/// The functions that use it: those that change it first, each once.
fn uses(layout: &Layout<'_>, item: &Item) -> (Vec<UseRow>, usize) {
    let mut found: Vec<&Use> = Vec::new();
    for access in [Access::Write, Access::Read] {
        for used in item.uses.iter().filter(|used| used.access == access) {
            if !found.iter().any(|other| other.function == used.function) {
                found.push(used);
            }
        }
    }
    let (shown, more) = first_few(found.len(), USES);
    let row = |used: &&Use| UseRow {
        function: code_short(within_crate(&used.function), 100),
        writes: used.access == Access::Write,
        at: layout.links.place(PAGE, &used.file, used.line),
    };
    (found[..shown].iter().map(row).collect(), more)
}

/// `shop::cart::Cart::set` as `cart::Cart::set`: the place says which crate.
fn within_crate(path: &str) -> &str {
    path.split_once("::").map_or(path, |(_, rest)| rest)
}

fn entries(item: &Item) -> (Vec<EntryRow>, usize) {
    let mut found: Vec<&EntryPoint> = item.entry_points.iter().collect();
    found.sort_by_key(|entry| (entry.access == Access::Read, entry.kind, &entry.name));
    let (shown, more) = first_few(found.len(), USES);
    let row = |entry: &&EntryPoint| EntryRow {
        name: if entry.kind == EntryKind::EveryRequest { inline(&entry.name) } else { code_short(&entry.name, 120) },
        kind: match entry.kind {
            EntryKind::Route => "route",
            EntryKind::EveryRequest => "every-request",
            EntryKind::Task => "task",
            EntryKind::Main => "main",
        },
        writes: entry.access == Access::Write,
    };
    (found[..shown].iter().map(row).collect(), more)
}

fn deployment_row(layout: &Layout<'_>, one: &Deployment, scope: Scope) -> DeploymentRow {
    DeploymentRow {
        workload: code_short(&one.workload, 80),
        environment: one.environment.as_deref().map(inline),
        at: layout.links.place(PAGE, &one.at.file, one.at.line),
        on_disk: scope == Scope::Host,
        replicas: one.replicas,
        during_rollout: one.during_rollout.filter(|number| Some(*number) != one.replicas),
        at_most: one.at_most,
        durable: one
            .durable
            .iter()
            // What is mounted matters to what is on the disk.
            .filter(|_| scope == Scope::Host)
            .map(|mount| DurableView {
                path: code_short(&mount.path, 80),
                source: code_short(&mount.source, 80),
                read_only: mount.read_only,
                at: layout.links.place(PAGE, &mount.at.file, mount.at.line),
            })
            .collect(),
    }
}

fn hazard_view(layout: &Layout<'_>, hazard: &Hazard) -> ShownHazard {
    let said = |text: &str| (!text.is_empty()).then(|| sentence(text));
    let (shown, evidence_more) = first_few(hazard.evidence.len(), EVIDENCE);
    ShownHazard {
        severity: hazard.severity.as_str(),
        rule: code(&hazard.rule),
        message: sentence(&hazard.message),
        likely: hazard.confidence < crate::model::Confidence::Certain,
        arithmetic: hazard.arithmetic.as_deref().map(prose),
        evidence: hazard.evidence[..shown].iter().map(|one| evidence(layout, one, PAGE)).collect(),
        evidence_more,
        symptom: said(&hazard.symptom),
        remedy: said(&hazard.remedy),
        sketch: hazard.sketch.as_ref().map(fenced),
        ends_when: (!hazard.ends_when.is_empty()).then(|| clause(&hazard.ends_when)),
        accepted: hazard.acknowledged.as_ref().map(accepted),
    }
}

fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Yes => "yes",
        Answer::WithCare => "with-care",
        Answer::No => "no",
    }
}
