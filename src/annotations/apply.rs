//! Joins annotations with items: who speaks of what, ignored items, and what matches nothing or has expired.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use smol_str::SmolStr;

use super::config::Config;
use super::contradict;
use super::directive::{self, FileLines};
use super::matching::{Found, Sites, help_for_unmatched};
use super::nearest::quoted;
use super::pattern::Match;
use super::precedence::{Claim, Rank, at_key, has_expired, merge, report_conflicts};
use super::schema::Written;
use super::stated;
use super::stub::quoted_toml;
use crate::facts::Comment;
use crate::model::{Diagnostic, Item, ItemId, Place, Severity};

/// The `statemap:` comments of one file.
#[derive(Clone, Copy, Debug)]
pub struct FileComments<'a> {
    /// Path relative to the analysed root.
    pub file: &'a str,
    /// Its comments, in source order.
    pub comments: &'a [Comment],
    /// Its text, when it is at hand: it only makes messages about comments of several lines more exact.
    pub text: Option<&'a str>,
    /// Of a settings file: the lines of the keys of each section, by the line on which it begins.
    pub sections: Option<&'a BTreeMap<u32, Vec<u32>>>,
}

/// All that people wrote, and the day on which it is read.
#[derive(Clone, Copy, Debug)]
pub struct Knowledge<'a> {
    /// `statemap.toml`.
    pub config: &'a Config,
    /// Comments, one entry a file.
    pub comments: &'a [FileComments<'a>],
    /// The services of the map: a `[[declare]]` that names none belongs to all.
    pub services: &'a [SmolStr],
    /// Today, for `expires`.
    pub today: Date,
}

/// What [`apply`] did.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// Items taken off the map, sorted by id.
    pub ignored: Vec<Ignored>,
    /// Items that have an annotation.
    pub annotated: usize,
    /// Items added by `[[declare]]`.
    pub declared: usize,
}

/// An item that an annotation took off the map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// The item.
    pub id: ItemId,
    /// The reason given.
    pub reason: String,
    /// Where the annotations of the item are written.
    pub places: Vec<Place>,
}

/// How many days an annotation that is renewed may hold.
const HOLDS: i64 = 180;

/// Looking for the nearest id compares with all of them: done for so many patterns.
const MAX_SUGGESTIONS: usize = 50;

/// Adds declared items, annotates, and takes ignored items off. Items end sorted by kind, then id.
pub fn apply(items: &mut Vec<Item>, knowledge: &Knowledge<'_>, out: &mut Vec<Diagnostic>) -> Applied {
    let declared = add_declared(items, knowledge, out);
    let written = read_comments(knowledge, out);
    let mut claims: Vec<Vec<Claim<'_>>> = items.iter().map(|_| Vec::new()).collect();
    claim_declared(&mut claims, items, knowledge.config);
    claim_states(&mut claims, items, knowledge.config, out);
    claim_comments(&mut claims, items, &written, out);
    let annotations = by_annotation(&claims, items);
    check_dates(&annotations, knowledge.today, out);
    check_facts(&annotations, out);

    let mut applied = Applied { declared, ..Applied::default() };
    for (item, mut claims) in items.iter_mut().zip(claims) {
        claims.sort_by_key(|claim| claim.rank);
        report_conflicts(item, &claims, out);
        item.annotation = merge(&claims, knowledge.today);
        stated::fill(item, &claims);
        if let Some(annotation) = &item.annotation {
            match &annotation.ignore {
                Some(reason) => {
                    applied.ignored.push(Ignored { id: item.id.clone(), reason: reason.clone(), places: annotation.places.clone() });
                }
                None => applied.annotated += 1,
            }
        }
    }
    items.retain(|item| item.annotation.as_ref().is_none_or(|annotation| annotation.ignore.is_none()));
    items.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
    applied.ignored.sort_by(|a, b| a.id.cmp(&b.id));
    applied
}

/// Says which of some names are those of no service.
fn unknown_services(names: &[String], at: super::reader::Mark, file: &str, knowledge: &Knowledge<'_>, out: &mut Vec<Diagnostic>) {
    for name in names.iter().filter(|name| !knowledge.services.iter().any(|service| service == *name)) {
        let known: Vec<&str> = knowledge.services.iter().map(SmolStr::as_str).collect();
        let help = super::nearest::hint(name, known.iter().copied(), || match known.as_slice() {
            [] => "no service was found here".to_owned(),
            known => format!("the services are {}", super::nearest::words(known, "and")),
        });
        let message = format!("there is no service {}", quoted(name));
        out.push(at.diagnostic(Severity::Warning, "unknown-service", file, message).help(help));
    }
}

fn add_declared(items: &mut Vec<Item>, knowledge: &Knowledge<'_>, out: &mut Vec<Diagnostic>) -> usize {
    if let Some(claim) = &knowledge.config.policy.stateless {
        unknown_services(&claim.services, claim.services_at, super::CONFIG_FILE, knowledge, out);
    }
    for declared in &knowledge.config.declared {
        unknown_services(&declared.services, declared.services_at, &declared.written.place.file, knowledge, out);
        items.push(declared.item(knowledge.services));
    }
    knowledge.config.declared.len()
}

/// One comment that could be read, and what it stands beside.
struct Read<'a> {
    comments: &'a FileComments<'a>,
    comment: &'a Comment,
    written: Written,
}

fn read_comments<'a>(knowledge: &Knowledge<'a>, out: &mut Vec<Diagnostic>) -> Vec<Read<'a>> {
    let mut read = Vec::new();
    for comments in knowledge.comments {
        let several_lines = comments.comments.iter().any(|comment| comment.text.contains('\n'));
        let lines = comments.text.filter(|_| several_lines).map(FileLines::new);
        for comment in comments.comments {
            if let Some(written) = directive::parse(comments.file, comment, lines.as_ref(), out) {
                read.push(Read { comments, comment, written });
            }
        }
    }
    read
}

fn claim_declared<'a>(claims: &mut [Vec<Claim<'a>>], items: &[Item], config: &'a Config) {
    let by_id: BTreeMap<&ItemId, usize> = items.iter().enumerate().map(|(index, item)| (&item.id, index)).collect();
    for declared in config.declared.iter().filter(|declared| !declared.written.keys.is_empty()) {
        if let Some(index) = by_id.get(&declared.id()) {
            claims[*index].push(Claim { rank: Rank::Declared, written: &declared.written });
        }
    }
}

fn claim_states<'a>(claims: &mut [Vec<Claim<'a>>], items: &[Item], config: &'a Config, out: &mut Vec<Diagnostic>) {
    let mut suggestions = MAX_SUGGESTIONS;
    for (order, state) in config.states.iter().enumerate() {
        let matches: Vec<(usize, Match)> =
            items.iter().enumerate().filter_map(|(index, item)| Some((index, state.id.matches(item.id.as_str())?))).collect();
        // An id that holds `{}` or `*` is also a glob; when it is an id, it is meant as one.
        let exact = matches.iter().any(|(_, how)| *how == Match::Exact);
        if matches.is_empty() {
            let message = format!("no item matches {}", quoted(state.id.as_str()));
            let diagnostic = state.at.diagnostic(Severity::Warning, "unmatched-annotation", &state.written.place.file, message);
            let candidates = if suggestions > 0 { items } else { &[] };
            suggestions = suggestions.saturating_sub(1);
            let (help, near) = help_for_unmatched(state.id.as_str(), candidates);
            let diagnostic = diagnostic.help(help);
            out.push(match near {
                Some(near) => diagnostic.paste(format!("id = {}", quoted_toml(&near))),
                None => diagnostic,
            });
        }
        for (index, how) in matches {
            match how {
                Match::Exact => claims[index].push(Claim { rank: Rank::Exact, written: &state.written }),
                Match::Glob if exact => {}
                Match::Glob => claims[index].push(Claim { rank: Rank::Glob(order), written: &state.written }),
            }
        }
    }
}

fn claim_comments<'a>(claims: &mut [Vec<Claim<'a>>], items: &[Item], read: &'a [Read<'a>], out: &mut Vec<Diagnostic>) {
    if read.is_empty() {
        return;
    }
    let sites = Sites::new(items);
    for Read { comments, comment, written } in read {
        let index = match sites.of_comment(comments, comment) {
            Found::Item(index) => index,
            Found::Keyed(of, rank) => {
                of.into_iter().for_each(|index| claims[index].push(Claim { rank, written }));
                continue;
            }
            Found::Several(index, others) => {
                let others: Vec<String> = others.iter().map(|other| quoted(items[*other].id.as_str())).collect();
                let message =
                    format!("this comment is taken for {}; {} starts here as well", quoted(items[index].id.as_str()), others.join(", "));
                let help = "annotate it in statemap.toml by its id, if that is what is meant";
                out.push(written.at.diagnostic(Severity::Note, "ambiguous-annotation", comments.file, message).help(help));
                index
            }
            Found::Nothing(nearest) => {
                out.push(unmatched_comment(comments.file, written, nearest.map(|(index, line)| (&items[index], line))));
                continue;
            }
        };
        claims[index].push(Claim { rank: Rank::Comment, written });
    }
}

fn unmatched_comment(file: &str, written: &Written, nearest: Option<(&Item, u32)>) -> Diagnostic {
    let message = "no state was found at this comment".to_owned();
    let help = match nearest {
        Some((item, line)) => format!("the nearest in this file is {} in line {line}: move the comment above it", quoted(item.id.as_str())),
        None => "this file holds no item of the map; `[[declare]]` in statemap.toml adds state that no file shows".to_owned(),
    };
    written.at.diagnostic(Severity::Warning, "unmatched-annotation", file, message).help(help)
}

/// Each annotation with the items that it speaks of.
type Spoken<'s, 'a> = BTreeMap<&'a Place, (&'a Written, Vec<&'s Item>)>;

fn by_annotation<'s, 'a>(claims: &[Vec<Claim<'a>>], items: &'s [Item]) -> Spoken<'s, 'a> {
    let mut spoken: Spoken<'s, 'a> = BTreeMap::new();
    for (item, claims) in items.iter().zip(claims) {
        for Claim { written, .. } in claims {
            spoken.entry(&written.place).or_insert((written, Vec::new())).1.push(item);
        }
    }
    spoken
}

/// Facts that no item has, and numbers that the code contradicts.
fn check_facts(annotations: &Spoken<'_, '_>, out: &mut Vec<Diagnostic>) {
    for (written, items) in annotations.values() {
        stated::report_unknown(written, items, out);
        for item in items {
            contradict::report(item, written, out);
        }
    }
}

/// Expired annotations and reviews in the future, once for each annotation.
fn check_dates(annotations: &Spoken<'_, '_>, today: Date, out: &mut Vec<Diagnostic>) {
    for (written, items) in annotations.values() {
        let of = match items.as_slice() {
            [item] => quoted(item.id.as_str()),
            items => format!("{} items", items.len()),
        };
        let annotation = &written.annotation;
        if has_expired(annotation, today)
            && let Some(date) = &annotation.expires
        {
            let lapsed = if annotation.ignore.is_some() {
                ", and no longer takes anything off the map"
            } else if annotation.acknowledge.is_empty() {
                ""
            } else {
                ", and no longer acknowledges its hazards"
            };
            let message = format!("the annotation of {of} expired on {date}{lapsed}");
            let help = "check that it is still true, then set a later `expires` or remove it";
            let diagnostic = at_key(written, "expires", Severity::Warning, "expired-annotation", message).help(help);
            let later = today.checked_add(HOLDS.days()).unwrap_or(today);
            out.push(diagnostic.paste(format!("expires = {later}")));
        }
        let reviewed = annotation.reviewed.as_deref().and_then(|date| date.parse::<Date>().ok());
        // The author may live where it is tomorrow already.
        if reviewed.is_some_and(|date| today.tomorrow().is_ok_and(|tomorrow| date > tomorrow)) {
            let message = format!("the annotation of {of} was reviewed in the future");
            let help = "`reviewed` is the day of the last review; the day of the next one is `expires`";
            out.push(at_key(written, "reviewed", Severity::Warning, "future-date", message).help(help));
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::config::{CONFIG_FILE, load};
    use super::super::directive::tests::comments_of;
    use super::*;
    use crate::diag::{Collector, Style, render};
    use crate::model::{Annotation, Kind, Role, Site};

    const CODE: &str = "src/lib.rs";

    /// An item with sites in `src/lib.rs`: line and role.
    fn item(id: &str, sites: &[(u32, Role)]) -> Item {
        let kind: Kind = id.split(':').next().unwrap().parse().unwrap();
        let site =
            |(line, role): &(u32, Role)| Site { place: Place { file: CODE.into(), line: *line, column: 1 }, role: *role, function: None };
        Item {
            services: vec!["shop".into()],
            sites: sites.iter().map(site).collect(),
            ..Item::new(ItemId(id.into()), kind, id.into(), id.to_owned())
        }
    }

    struct Outcome {
        items: Vec<Item>,
        applied: Applied,
        shown: String,
        codes: Vec<String>,
    }

    impl Outcome {
        fn annotation(&self, id: &str) -> &Annotation {
            self.items.iter().find(|item| item.id.as_str() == id).unwrap().annotation.as_ref().unwrap()
        }

        fn owner(&self, id: &str) -> Option<&str> {
            self.items.iter().find(|item| item.id.as_str() == id).unwrap().annotation.as_ref()?.owner.as_deref()
        }
    }

    /// Applies a configuration and the comments of a Rust text, on 1 October 2026.
    fn run(mut items: Vec<Item>, config: &str, code: &str) -> Outcome {
        let (parsed, mut out) = load(CONFIG_FILE, config);
        let comments = comments_of(code);
        let comments = [FileComments { file: CODE, comments: &comments, text: Some(code), sections: None }];
        let services = ["api".into(), "worker".into()];
        let today = Date::constant(2026, 10, 1);
        let applied = apply(&mut items, &Knowledge { config: &parsed, comments: &comments, services: &services, today }, &mut out);
        let mut collector = Collector::default();
        collector.extend(out);
        let diagnostics = collector.into_sorted();
        let text = |file: &str| Some(if file == CODE { code } else { config }.to_owned());
        let shown = render(&diagnostics, &mut { text }, Style::default());
        Outcome { items, applied, shown, codes: diagnostics.iter().map(|found| found.code.to_string()).collect() }
    }

    const TENANTS: &str = "cache:shop::tenants::TENANTS";
    const PRICES: &str = "cache:shop::prices::PRICES";
    const DB: &str = "pool:shop::db::connect#sqlx::PgPoolOptions";

    fn three() -> Vec<Item> {
        vec![item(DB, &[(20, Role::Constructed)]), item(TENANTS, &[(3, Role::Declared)]), item(PRICES, &[(8, Role::Declared)])]
    }

    #[test]
    fn a_glob_annotates_every_item_that_it_matches() {
        let outcome = run(three(), "[[state]]\nid = \"cache:*\"\nowner = \"catalog\"\n", "");
        assert_eq!(outcome.owner(TENANTS), Some("catalog"));
        assert_eq!(outcome.owner(PRICES), Some("catalog"));
        assert_eq!(outcome.owner(DB), None);
        assert_eq!(outcome.applied.annotated, 2);
        assert_eq!(outcome.shown, "");
        assert_eq!(outcome.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), [PRICES, TENANTS, DB]);
    }

    #[test]
    fn the_comment_outweighs_the_id_and_the_id_outweighs_globs_key_by_key() {
        let config = format!(
            "[[state]]\nid = '{TENANTS}'\nowner = 'by id'\nsize = 'by id'\n\
             [[state]]\nid = 'cache:*'\nowner = 'first glob'\nsize = 'first glob'\nrebuild = 'first glob'\non_loss = 'first glob'\n\
             [[state]]\nid = '*TENANTS'\nowner = 'second glob'\nrebuild = 'second glob'\n"
        );
        let outcome = run(three(), &config, "\n// statemap: owner = 'comment'\nstatic TENANTS: u8;\n");
        let said = outcome.annotation(TENANTS);
        assert_eq!(said.owner.as_deref(), Some("comment"));
        assert_eq!(said.size.as_deref(), Some("by id"));
        assert_eq!(said.rebuild.as_deref(), Some("second glob"));
        assert_eq!(said.on_loss.as_deref(), Some("first glob"));
        assert_eq!(
            said.places.iter().map(|place| format!("{}:{}", place.file, place.line)).collect::<Vec<_>>(),
            ["src/lib.rs:2", "statemap.toml:1", "statemap.toml:5", "statemap.toml:11"]
        );
        assert_eq!(outcome.shown, "");
    }

    #[test]
    fn two_entries_for_one_id_that_differ_are_a_conflict_and_equal_ones_are_none() {
        let entry = |owner: &str| format!("[[state]]\nid = \"{TENANTS}\"\nowner = \"{owner}\"\n");
        let outcome = run(three(), &(entry("catalog") + &entry("tenancy")), "");
        assert_snapshot!(outcome.shown, @r#"
        warning[conflicting-annotation]: `owner` of `cache:shop::tenants::TENANTS` is annotated twice: also in statemap.toml:3
         --> statemap.toml:6:1
          |
        6 | owner = "tenancy"
          | ^^^^^
          |
          = help: this one is used; remove one of the two
        "#);
        assert_eq!(outcome.owner(TENANTS), Some("tenancy"));
        assert_eq!(run(three(), &(entry("catalog") + &entry("catalog")), "").shown, "");
    }

    #[test]
    fn an_id_that_is_gone_names_the_nearest_one() {
        let config = "[[state]]\nid = \"cache:shop::tenant::TENANTS\"\nowner = \"x\"\n\n[[state]]\nid = \"cahe:*\"\nowner = \"x\"\n\n[[state]]\nid = \"queue:*\"\nowner = \"x\"\n";
        assert_snapshot!(run(three(), config, "").shown, @r#"
        warning[unmatched-annotation]: no item matches `cache:shop::tenant::TENANTS`
         --> statemap.toml:2:6
          |
        2 | id = "cache:shop::tenant::TENANTS"
          |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: did you mean `cache:shop::tenants::TENANTS`?

        warning[unmatched-annotation]: no item matches `cahe:*`
         --> statemap.toml:6:6
          |
        6 | id = "cahe:*"
          |      ^^^^^^^^
          |
          = help: an id starts with a kind: did you mean `cache`?

        warning[unmatched-annotation]: no item matches `queue:*`
          --> statemap.toml:10:6
           |
        10 | id = "queue:*"
           |      ^^^^^^^^^
           |
           = help: `statemap list` shows the ids; `statemap annotate --prune` takes out the entry if its state is gone
        "#);
    }

    #[test]
    fn an_ignored_item_leaves_the_map_and_is_counted() {
        let outcome = run(three(), "", "\n// statemap: ignore = \"only in the demo\"\nstatic TENANTS: u8;\n");
        assert_eq!(outcome.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), [PRICES, DB]);
        let expected = Ignored {
            id: ItemId(TENANTS.into()),
            reason: "only in the demo".to_owned(),
            places: vec![Place { file: CODE.into(), line: 2, column: 1 }],
        };
        assert_eq!(outcome.applied.ignored, [expected]);
        assert_eq!(outcome.shown, "");
    }

    #[test]
    fn an_annotation_holds_through_its_last_day_and_then_silences_nothing() {
        let entry = |date: &str| format!("[[state]]\nid = \"cache:*\"\nignore = \"demo\"\nowner = \"catalog\"\nexpires = {date}\n");
        let outcome = run(three(), &entry("2026-10-01"), "");
        assert_eq!(outcome.applied.ignored.len(), 2);
        assert_eq!(outcome.shown, "");

        let outcome = run(three(), &entry("2026-09-30"), "");
        assert_eq!(outcome.applied.ignored, []);
        assert_eq!(outcome.owner(TENANTS), Some("catalog"));
        assert_snapshot!(outcome.shown, @r"
        warning[expired-annotation]: the annotation of 2 items expired on 2026-09-30, and no longer takes anything off the map
         --> statemap.toml:5:1
          |
        5 | expires = 2026-09-30
          | ^^^^^^^
          |
          = help: check that it is still true, then set a later `expires` or remove it
        ");
    }

    #[test]
    fn an_expired_acknowledgement_no_longer_counts() {
        let config = "[[state]]\nid = \"pool:*\"\nacknowledge = [\"rollout-doubles-connections\"]\nreason = \"enough room\"\ndate = 2026-01-01\nexpires = 2026-09-30\nowner = \"db\"\n";
        let outcome = run(three(), config, "");
        let said = outcome.annotation(DB);
        assert_eq!((said.acknowledge.len(), said.reason.as_deref(), said.owner.as_deref()), (0, None, Some("db")));
        assert_eq!(outcome.codes, ["expired-annotation"]);
    }

    #[test]
    fn a_review_in_the_future_is_a_mistake_but_tomorrow_may_be_today_elsewhere() {
        let entry = |date: &str| format!("[[state]]\nid = \"pool:*\"\nreviewed = {date}\n");
        assert_eq!(run(three(), &entry("2026-10-02"), "").codes, [""; 0]);
        assert_eq!(run(three(), &entry("2026-10-03"), "").codes, ["future-date"]);
    }

    #[test]
    fn the_reason_stays_with_the_hazards_that_it_was_written_for() {
        let config = format!(
            "[[state]]\nid = \"pool:*\"\nacknowledge = [\"a\"]\nreason = \"for a\"\ndate = 2026-01-01\n\
             [[state]]\nid = \"{DB}\"\nacknowledge = [\"b\"]\nreason = \"for b\"\n"
        );
        let outcome = run(three(), &config, "");
        let said = outcome.annotation(DB);
        assert_eq!(
            (said.acknowledge.as_slice(), said.reason.as_deref(), said.date.as_deref()),
            (&["b".to_owned()][..], Some("for b"), None)
        );
    }

    #[test]
    fn a_comment_reaches_over_attributes_but_not_past_the_next_comment() {
        let pool = || vec![item(DB, &[(4, Role::Constructed)])];
        let near = "// statemap: owner = 'db'\nlet pool = Options::new()\n    .acquire(1)\n    .connect();\n";
        assert_eq!(run(pool(), "", near).owner(DB), Some("db"));

        let far = "// statemap: owner = 'db'\nlet x = 1;\n\n\n\nlet pool = connect();\n";
        let outcome = run(vec![item(DB, &[(6, Role::Constructed)])], "", far);
        assert_eq!(outcome.owner(DB), None);
        assert_snapshot!(outcome.shown, @r"
        warning[unmatched-annotation]: no state was found at this comment
         --> src/lib.rs:1:14
          |
        1 | // statemap: owner = 'db'
          |              ^^^^^^^^^^^^
          |
          = help: the nearest in this file is `pool:shop::db::connect#sqlx::PgPoolOptions` in line 6: move the comment above it
        ");

        let two = "// statemap: owner = 'first'\nlet x = 1;\n// statemap: owner = 'second'\nlet pool = connect();\n";
        let outcome = run(pool(), "", two);
        assert_eq!(outcome.owner(DB), Some("second"));
        assert_eq!(outcome.codes, ["unmatched-annotation"]);
    }

    #[test]
    fn a_comment_after_code_speaks_of_its_own_line_only() {
        let text = "let x = 1; // statemap: owner = 'db'\nlet pool = connect();\n";
        assert_eq!(run(vec![item(DB, &[(1, Role::Constructed)])], "", text).owner(DB), Some("db"));
        assert_eq!(run(vec![item(DB, &[(2, Role::Constructed)])], "", text).codes, ["unmatched-annotation"]);
    }

    #[test]
    fn a_comment_speaks_of_the_declaration_and_never_of_the_store_behind_the_pool() {
        let text = "// statemap: owner = 'db'\nlet pool = connect();\n";
        let store = "external-store:postgres";
        let items = vec![item(store, &[(2, Role::Constructed)]), item(PRICES, &[(2, Role::Written)]), item(DB, &[(2, Role::Constructed)])];
        let outcome = run(items, "", text);
        assert_eq!(outcome.owner(DB), Some("db"));
        assert_eq!((outcome.owner(store), outcome.owner(PRICES)), (None, None));
        assert_eq!(outcome.shown, "");
    }

    #[test]
    fn a_comment_above_two_things_says_which_one_it_is_taken_for() {
        let text = "// statemap: owner = 'db'\nlet pools = (connect(), connect());\n";
        let outcome = run(vec![item(DB, &[(2, Role::Constructed)]), item(TENANTS, &[(2, Role::Constructed)])], "", text);
        assert_snapshot!(outcome.shown, @r"
        note[ambiguous-annotation]: this comment is taken for `pool:shop::db::connect#sqlx::PgPoolOptions`; `cache:shop::tenants::TENANTS` starts here as well
         --> src/lib.rs:1:14
          |
        1 | // statemap: owner = 'db'
          |              ^^^^^^^^^^^^
          |
          = help: annotate it in statemap.toml by its id, if that is what is meant
        ");
    }

    #[test]
    fn a_comment_in_a_file_without_state_is_reported() {
        let outcome = run(Vec::new(), "", "// statemap: owner = 'db'\nlet x = 1;\n");
        assert_snapshot!(outcome.shown, @r"
        warning[unmatched-annotation]: no state was found at this comment
         --> src/lib.rs:1:14
          |
        1 | // statemap: owner = 'db'
          |              ^^^^^^^^^^^^
          |
          = help: this file holds no item of the map; `[[declare]]` in statemap.toml adds state that no file shows
        ");
    }

    #[test]
    fn declared_state_becomes_an_item_of_all_services_unless_it_names_some() {
        let config = "[[declare]]\nkind = \"deployment\"\nname = \"sticky sessions\"\nsummary = \"the load balancer pins clients\"\nttl = \"1h\"\nowner = \"platform\"\n\n[[declare]]\nkind = \"queue\"\nname = \"mail\"\nscope = \"external\"\nservices = [\"wroker\"]\n\n[[state]]\nid = \"queue:*\"\nowner = \"mail team\"\n";
        let outcome = run(Vec::new(), config, "");
        let sticky = outcome.items.iter().find(|item| item.kind == Kind::Deployment).unwrap();
        assert_eq!(sticky.id.as_str(), "deployment:declared::sticky-sessions");
        assert_eq!(sticky.name, "sticky sessions");
        assert_eq!(sticky.summary, "the load balancer pins clients");
        assert_eq!(sticky.services, ["api", "worker"]);
        assert_eq!(sticky.sites[0].place, Place { file: CONFIG_FILE.into(), line: 1, column: 1 });
        assert_eq!(sticky.facts[0].provenance, crate::model::Provenance::Annotated);
        assert_eq!(sticky.annotation.as_ref().unwrap().owner.as_deref(), Some("platform"));
        assert_eq!(outcome.owner("queue:declared::mail"), Some("mail team"));
        assert_eq!(outcome.applied.declared, 2);
        assert_snapshot!(outcome.shown, @r#"
        warning[unknown-service]: there is no service `wroker`
          --> statemap.toml:12:12
           |
        12 | services = ["wroker"]
           |            ^^^^^^^^^^
           |
           = help: did you mean `worker`?
        "#);
    }
}
