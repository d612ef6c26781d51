//! The databases that migrations make: which tables each has, for the items that are about them.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::place_of;
use super::tables::{Sort, Table, Tables, apply};
use crate::model::{Fact, FactValue, Item, Kind, Place, Provenance};
use crate::source::Lines;

/// At most so many names are told in one fact.
const MAX_NAMES: usize = 40;

/// Tables of migrators, not of the service.
const OF_MIGRATORS: [&str; 4] = ["_sqlx_migrations", "__diesel_schema_migrations", "refinery_schema_history", "seaql_migrations"];

/// One database, by the folder of its migrations.
pub(super) struct Database {
    /// What the words of its migrations, or the name of their folder, say of the server.
    dialect: Option<Dialect>,
    tables: BTreeMap<SmolStr, (Table, Place)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Postgres,
    MySql,
    Sqlite,
}

/// Applies the migrations of each folder in their order.
pub(super) fn read(texts: &[(&SmolStr, String)]) -> Vec<Database> {
    let mut by_folder: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, (path, text)) in texts.iter().enumerate() {
        if text.as_bytes().windows(5).any(|word| word.eq_ignore_ascii_case(b"table")) {
            by_folder.entry(folder(path)).or_default().push(at);
        }
    }
    let mut out = Vec::new();
    for (folder, mut files) in by_folder {
        files.sort_by_cached_key(|at| in_order(texts[*at].0));
        let mut tables = Tables::new();
        files.iter().for_each(|at| apply(&texts[*at].1, *at, &mut tables));
        let lines: BTreeMap<usize, Lines> = files.iter().map(|at| (*at, Lines::new(&texts[*at].1))).collect();
        let placed = tables.into_iter().filter(|(name, _)| !OF_MIGRATORS.contains(&name.as_str())).map(|(name, table)| {
            let (file, at) = table.made;
            (name, (table, place_of(texts[file].0, &texts[file].1, &lines[&file], at)))
        });
        let dialect = dialect(folder, files.iter().map(|at| texts[*at].1.as_str()));
        out.push(Database { dialect, tables: placed.collect() });
    }
    out
}

/// The folder that holds the steps: `migrations` of `migrations/2024_orders.sql` and of `migrations/2024_orders/up.sql`.
fn folder(path: &str) -> &str {
    let (mut folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if matches!(name, "up.sql" | "migration.sql") {
        folder = folder.rsplit_once('/').map_or("", |(around, _)| around);
    }
    folder
}

/// Numbers count as numbers: `V9__a.sql` comes before `V10__b.sql`.
fn in_order(path: &str) -> Vec<(String, u64)> {
    let mut out = vec![(String::new(), 0_u64)];
    for c in path.chars() {
        let Some((text, number)) = out.last_mut() else { break };
        match c.to_digit(10) {
            Some(digit) => *number = number.saturating_mul(10).saturating_add(u64::from(digit)),
            None if *number > 0 => out.push((c.to_string(), 0)),
            None => text.push(c),
        }
    }
    out
}

fn dialect<'t>(folder: &str, mut texts: impl Iterator<Item = &'t str>) -> Option<Dialect> {
    let named = |word: &str| folder.rsplit('/').next().is_some_and(|last| last.to_lowercase().contains(word));
    let by_name = [("postgres", Dialect::Postgres), ("pg", Dialect::Postgres), ("mysql", Dialect::MySql), ("sqlite", Dialect::Sqlite)];
    if let Some((_, found)) = by_name.into_iter().find(|(word, _)| named(word)) {
        return Some(found);
    }
    let words = [
        ("timestamptz", Dialect::Postgres),
        ("timestamp with time zone", Dialect::Postgres),
        ("jsonb", Dialect::Postgres),
        ("serial", Dialect::Postgres),
        ("create extension", Dialect::Postgres),
        ("character varying", Dialect::Postgres),
        ("auto_increment", Dialect::MySql),
        ("engine=", Dialect::MySql),
        ("autoincrement", Dialect::Sqlite),
        ("pragma ", Dialect::Sqlite),
    ];
    texts.find_map(|text| {
        let lower = text.to_ascii_lowercase();
        words.iter().find(|(word, _)| lower.contains(word)).map(|(_, dialect)| *dialect)
    })
}

/// Says what is known of their tables at the items that name one, and at the databases themselves.
pub(super) fn tell(items: &mut Vec<Item>, databases: &[Database]) {
    items.retain_mut(|item| !holds_no_log_ins(item, databases));
    for item in items.iter_mut() {
        let named = item.facts.iter().find(|fact| fact.key == "table").and_then(|fact| fact.value.as_ref()).map(ToString::to_string);
        let Some((table, place)) = named.and_then(|name| known(databases, &name)) else { continue };
        item.facts.retain(|fact| fact.key != "columns");
        let key = |columns: &Vec<SmolStr>| columns.join(", ");
        item.facts.push(fact("columns", listed(table.columns.iter()), place));
        // A number that only counts the rows says nothing.
        let counts = matches!(table.primary_key.as_slice(), [only] if only == "id" || only == "uuid");
        if !table.primary_key.is_empty() && !counts {
            item.facts.push(fact("primary_key", key(&table.primary_key), place));
        }
        let mut unique: Vec<&Vec<SmolStr>> = Vec::new();
        for one in &table.unique {
            if !unique.contains(&&one.columns) {
                unique.push(&one.columns);
            }
        }
        item.facts.extend(unique.into_iter().take(2).map(|columns| fact("unique", key(columns), place)));
    }
    let migrated_by = migrator(items);
    for database in databases {
        let Some(at) = store_of(database, databases, items) else { continue };
        let Some((_, place)) = database.tables.values().next() else { continue };
        let fact = fact("tables", listed(database.tables.keys()), place);
        if items[at].facts.iter().all(|known| known.key != "tables") {
            items[at].facts.push(Fact { at: None, ..fact });
            items[at].facts.extend(migrated_by.clone());
        }
    }
}

/// Takes from what rows of log-ins are said to prove, and to belong to, what the definition of their table knows better: keys of
/// rows, truth values, times. True where nothing is left by which they are known.
fn holds_no_log_ins(item: &mut Item, databases: &[Database]) -> bool {
    if item.kind != Kind::Session {
        return false;
    }
    let named = item.facts.iter().find(|fact| fact.key == "table").and_then(|fact| fact.value.as_ref()).map(ToString::to_string);
    let Some(name) = named else { return false };
    let Some((table, _)) = known(databases, &name) else { return false };
    let own_key = |column: &str| table.primary_key.len() == 1 && table.primary_key[0] == column;
    let is_number = |column: &str| table.sorts.get(column).is_some_and(|sort| *sort == Sort::Number);
    // A text that is the key of a row may well be what is shown to be known.
    let proves_nothing = |column: &str| match table.sorts.get(column) {
        Some(Sort::Reference | Sort::Mark) => true,
        _ => own_key(column) && is_number(column),
    };
    // `user_session_id` of `user_sessions`: the row, and nobody that it belongs to.
    let is_row = |column: &str| {
        let of = column.strip_suffix("_id").unwrap_or(column);
        own_key(column) && (of == name || name.strip_suffix('s') == Some(of)) && table.sorts.get(column) != Some(&Sort::Reference)
    };
    let mut without = |key: &str, goes: &dyn Fn(&str) -> bool| {
        let Some(at) = item.facts.iter().position(|fact| fact.key == key) else { return false };
        let Some(FactValue::Text(text)) = &item.facts[at].value else { return false };
        let left: Vec<&str> = text.split(", ").filter(|column| !goes(column)).collect();
        let is_empty = left.is_empty();
        item.facts[at].value = Some(FactValue::Text(left.join(", ")));
        if is_empty {
            item.facts.remove(at);
        }
        is_empty
    };
    let proves_none = without("proof", &proves_nothing);
    without("belongs_to", &is_row);
    proves_none && !name.ends_with("session") && !name.ends_with("sessions")
}

/// Who brings the schema to its last step, where one place does.
fn migrator(items: &[Item]) -> Option<Fact> {
    let mut found = items.iter().filter(|item| item.kind == Kind::Lease && item.summary.starts_with("schema migration"));
    let only = found.next().filter(|_| found.next().is_none())?;
    let place = &only.sites.first()?.place;
    let who = if only.services.is_empty() { String::new() } else { format!(" in {}", only.services.join(", ")) };
    Some(fact("migrated_by", format!("{}{who}", only.name), place))
}

/// A table of that name, where all databases that have one agree on its columns: variants for several servers do.
fn known<'d>(databases: &'d [Database], name: &str) -> Option<&'d (Table, Place)> {
    let own = name.rsplit('.').next().unwrap_or(name);
    let mut found = databases.iter().filter_map(|database| database.tables.get(own));
    let first = found.next()?;
    let columns = |table: &Table| {
        let mut columns = table.columns.clone();
        columns.sort_unstable();
        columns
    };
    found.all(|(other, _)| columns(other) == columns(&first.0)).then_some(first)
}

/// The item of the database that migrations are for: the only one of its sort.
fn store_of(database: &Database, databases: &[Database], items: &[Item]) -> Option<usize> {
    let is_one = |item: &Item, dialect: Dialect| match dialect {
        Dialect::Postgres => item.kind == Kind::ExternalStore && item.name == "postgres",
        Dialect::MySql => item.kind == Kind::ExternalStore && item.name == "mysql",
        Dialect::Sqlite => item.kind == Kind::EmbeddedDb && item.summary.contains("SQLite"),
    };
    let any = |item: &Item| {
        [Dialect::Postgres, Dialect::MySql, Dialect::Sqlite].into_iter().any(|dialect| is_one(item, dialect))
            || item.kind == Kind::ExternalStore && item.name == "sql database"
    };
    if databases.iter().filter(|other| other.dialect == database.dialect).count() > 1 {
        return None;
    }
    let fits = |item: &&(usize, &Item)| database.dialect.map_or_else(|| any(item.1), |dialect| is_one(item.1, dialect));
    let all: Vec<(usize, &Item)> = items.iter().enumerate().collect();
    let mut found = all.iter().filter(fits);
    let first = found.next()?;
    found.next().is_none().then_some(first.0)
}

fn listed<'n>(names: impl ExactSizeIterator<Item = &'n SmolStr>) -> String {
    let left = names.len().saturating_sub(MAX_NAMES);
    let mut out = names.take(MAX_NAMES).map(SmolStr::as_str).collect::<Vec<_>>().join(", ");
    if left > 0 {
        out.push_str(&format!(" and {left} more"));
    }
    out
}

fn fact(key: &'static str, value: String, place: &Place) -> Fact {
    Fact {
        key: SmolStr::new_static(key),
        value: Some(FactValue::Text(value)),
        unit: None,
        provenance: Provenance::Code,
        at: Some(place.clone()),
        from: None,
        set: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Dialect, dialect, folder, in_order, read};

    #[test]
    fn steps_are_taken_in_the_order_of_their_numbers() {
        assert!(in_order("m/V9__a.sql") < in_order("m/V10__b.sql") && in_order("m/2024_a.sql") < in_order("m/2024_b.sql"));
        let (later, sooner) = ("m/V10__b.sql".into(), "m/V9__a.sql".into());
        let texts = [(&later, "ALTER TABLE a ADD b int".to_owned()), (&sooner, "CREATE TABLE a (id int)".to_owned())];
        let found = read(&texts);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].tables["a"].0.columns, ["id", "b"]);
    }

    #[test]
    fn folders_and_words_tell_the_server() {
        assert_eq!(folder("db/migrations/2024_a/up.sql"), "db/migrations");
        assert_eq!(folder("db/migrations/2024_a.sql"), "db/migrations");
        assert_eq!(dialect("migrations/sqlite", std::iter::empty()), Some(Dialect::Sqlite));
        assert_eq!(dialect("migrations", ["create table a (at TIMESTAMPTZ)"].into_iter()), Some(Dialect::Postgres));
        assert_eq!(dialect("migrations", ["create table a (id text)"].into_iter()), None);
    }
}
