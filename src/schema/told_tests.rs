//! What migrations say of the tables and databases of items.

use crate::fixture::map;
use crate::model::Item;

const MAIN: &str = "#[tokio::main]\nasync fn main() { let pool = sqlx::PgPool::connect(\"postgres://db/shop\").await.unwrap(); claim(&pool).await; }\n\
    async fn claim(pool: &sqlx::PgPool) { sqlx::query(\"SELECT id FROM jobs WHERE done IS NULL ORDER BY id LIMIT 5 FOR UPDATE SKIP LOCKED\").execute(pool).await.unwrap(); }\n";

const MANIFEST: &str =
    "//- /Cargo.toml\n[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nsqlx = \"*\"\ntokio = \"*\"\n";

/// Facts under some keys of the item whose id begins so, each with its file.
fn told(files: &[(&str, &str)], start: &str) -> Vec<String> {
    let mut text = format!("{MANIFEST}//- /src/main.rs\n{MAIN}");
    for (path, content) in files {
        text.push_str(&format!("//- /{path}\n{content}\n"));
    }
    let map = map(&text);
    let is_it = |item: &&Item| item.id.as_str().starts_with(start);
    let item = map.items.iter().find(is_it).unwrap_or_else(|| panic!("no {start}"));
    let keys = ["columns", "primary_key", "unique", "tables", "rows_at_once", "order", "migrated_by"];
    let facts = item.facts.iter().filter(|fact| keys.contains(&fact.key.as_str()));
    let place = |fact: &crate::model::Fact| fact.at.as_ref().map_or(String::new(), |at| format!(" {}:{}", at.file, at.line));
    facts.map(|fact| format!("{} {}{}", fact.key, fact.value.as_ref().unwrap(), place(fact))).collect()
}

const JOBS: &str =
    "-- work\nCREATE TABLE jobs (id BIGSERIAL PRIMARY KEY, tenant text NOT NULL, name text, done timestamptz, UNIQUE (tenant, name));";

#[test]
fn a_claim_tells_the_columns_of_its_table_and_what_is_unique() {
    let found =
        told(&[("migrations/1_jobs.sql", JOBS), ("migrations/2_name.sql", "ALTER TABLE jobs RENAME COLUMN name TO title;")], "lease:");
    let place = "migrations/1_jobs.sql:2";
    let at = "src/main.rs:3";
    assert_eq!(
        found,
        [
            format!("rows_at_once 5 {at}"),
            format!("order id {at}"),
            format!("columns id, tenant, title, done {place}"),
            format!("unique tenant, title {place}")
        ]
    );
    // Of another table, nothing is said.
    assert_eq!(
        told(&[("migrations/1_orders.sql", "CREATE TABLE orders (id int);")], "lease:"),
        [format!("rows_at_once 5 {at}"), format!("order id {at}")]
    );
}

#[test]
fn two_databases_that_disagree_about_a_table_say_nothing_of_it() {
    let other = "CREATE TABLE jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, path text);";
    let found = told(&[("migrations/postgres/1_jobs.sql", JOBS), ("migrations/sqlite/1_jobs.sql", other)], "lease:");
    assert_eq!(found, ["rows_at_once 5 src/main.rs:3", "order id src/main.rs:3"]);
}

#[test]
fn the_only_database_of_its_sort_has_the_tables_of_the_migrations() {
    let orders = ("migrations/2_orders.sql", "CREATE TABLE orders (id int, at timestamptz);");
    assert_eq!(told(&[("migrations/1_jobs.sql", JOBS), orders], "external-store:postgres"), ["tables jobs, orders"]);
    assert_eq!(
        told(&[("migrations/1_jobs.sql", JOBS), orders, ("migrations/3_drop.sql", "DROP TABLE jobs;")], "external-store:postgres"),
        ["tables orders"]
    );
    // Migrations of two databases, of which nothing says which is which.
    let apart = [("a/migrations/1_jobs.sql", JOBS), ("b/migrations/1_orders.sql", "CREATE TABLE orders (id int, at timestamptz);")];
    assert_eq!(told(&apart, "external-store:postgres"), Vec::<String>::new());
    // Those of a file on disk are not those of a server.
    let on_disk = [("migrations/sqlite/1_jobs.sql", "CREATE TABLE jobs (id INTEGER PRIMARY KEY);")];
    assert_eq!(told(&on_disk, "external-store:postgres"), Vec::<String>::new());
}

#[test]
fn a_database_tells_who_brings_its_schema_to_the_last_step() {
    let moves = |names: &[&str]| {
        let calls: String = names.iter().map(|name| format!("{name}(&pool).await; ")).collect();
        let migrating = |name: &&str| format!("async fn {name}(pool: &sqlx::PgPool) {{ sqlx::migrate!().run(pool).await.unwrap(); }}\n");
        let functions: String = names.iter().map(migrating).collect();
        let main = format!(
            "#[tokio::main]\nasync fn main() {{ let pool = sqlx::PgPool::connect(\"postgres://db/shop\").await.unwrap(); {calls} }}\n\
             {functions}"
        );
        let map = map(&format!("{MANIFEST}//- /src/main.rs\n{main}//- /migrations/1_jobs.sql\n{JOBS}\n"));
        let store = map.items.into_iter().find(|item| item.id.as_str() == "external-store:postgres").unwrap();
        store.facts.iter().find(|fact| fact.key == "migrated_by").map(|fact| fact.value.as_ref().unwrap().to_string())
    };
    assert_eq!(moves(&["bring"]).as_deref(), Some("bring in shop"));
    // Two do.
    assert_eq!(moves(&["bring", "again"]), None);
}

#[test]
fn what_a_table_defines_as_key_truth_or_time_proves_no_log_in() {
    let rows = |table: &str, columns: &str, definition: &str| {
        let main = format!(
            "#[tokio::main]\nasync fn main() {{ let pool = sqlx::PgPool::connect(\"postgres://db/shop\").await.unwrap(); keep(&pool).await; }}\n\
             async fn keep(pool: &sqlx::PgPool) {{ sqlx::query(\"INSERT INTO {table} ({columns}) VALUES ($1)\").execute(pool).await.unwrap();\n    \
             sqlx::query(\"DELETE FROM {table} WHERE user_id = $1\").execute(pool).await.unwrap(); }}\n"
        );
        let schema = format!("CREATE TABLE {table} ({definition});");
        let map = map(&format!("{MANIFEST}//- /src/main.rs\n{main}//- /migrations/1_rows.sql\n{schema}\n"));
        let item = map.items.into_iter().find(|item| item.kind == crate::model::Kind::Session)?;
        let told = |key: &str| {
            let value = item.facts.iter().find(|fact| fact.key == key)?.value.as_ref()?;
            Some(format!("{key} {value}"))
        };
        Some([told("proof"), told("belongs_to")].into_iter().flatten().collect::<Vec<_>>())
    };
    let columns = "user_session_id, user_id, session_token, response_code, expires_at";
    let definition = "user_session_id UUID NOT NULL CONSTRAINT k PRIMARY KEY, user_id UUID REFERENCES users (id), session_token TEXT, \
                      response_code BOOLEAN, expires_at TIMESTAMPTZ";
    let all = ["proof response_code, session_token, user_session_id", "belongs_to user_id, user_session_id"].map(str::to_owned);
    assert_eq!(rows("user_sessions", columns, "other_column int"), Some(all.to_vec()));
    let left = ["proof session_token", "belongs_to user_id"].map(str::to_owned);
    assert_eq!(rows("user_sessions", columns, definition), Some(left.to_vec()));
    // A text may be what is shown, and where nothing proves, only the name is left to say what the rows are.
    let shown = ["proof session_id", "belongs_to user_id"].map(str::to_owned);
    assert_eq!(rows("sessions", "session_id, user_id, expires_at", "session_id TEXT PRIMARY KEY, user_id INT"), Some(shown.to_vec()));
    let unnamed = "session_id UUID PRIMARY KEY, user_id INT";
    assert_eq!(rows("sessions", "session_id, user_id, expires_at", unnamed), Some(vec!["belongs_to user_id".to_owned()]));
    assert_eq!(rows("logins", "session_id, user_id, expires_at", unnamed), None);
}
