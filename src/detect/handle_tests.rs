//! Who uses and changes what several have a handle of.

use super::surroundings_tests::items;
use crate::model::{Access, Item, Kind};

const SHARED: &str = "use std::sync::{Arc, RwLock};\nuse std::sync::atomic::{AtomicUsize, Ordering};\nuse axum::{Router, extract::State, routing::get};\n\
    #[derive(Default)] struct Filter { names: Vec<String> }\n\
    #[derive(Clone)] struct App { filter: Arc<RwLock<Filter>>, other: Arc<RwLock<Filter>> }\n\
    async fn list(State(s): State<App>) -> String { s.filter.read().unwrap().names.join(\",\") + &s.other.read().unwrap().names.join(\",\") }\n";

fn shared(text: &str) -> Vec<Item> {
    items(&["axum", "tokio"], text).into_iter().filter(|item| matches!(item.kind, Kind::SharedState | Kind::Cache)).collect()
}

/// Who changes a piece of state, and during what.
#[track_caller]
fn changed(found: &[Item], name: &str) -> (Vec<String>, Vec<String>) {
    let of_name: Vec<&Item> = found.iter().filter(|item| item.name == name).collect();
    let [item] = of_name.as_slice() else { panic!("{} items `{name}` in {found:#?}", of_name.len()) };
    let last = |path: &str| path.rsplit("::").next().unwrap_or(path).to_owned();
    let mut by: Vec<String> = item.uses.iter().filter(|one| one.access == Access::Write).map(|one| last(&one.function)).collect();
    by.dedup();
    let during = item.entry_points.iter().filter(|one| one.access == Access::Write).map(|one| last(&one.name)).collect();
    (by, during)
}

#[test]
fn what_a_task_changes_through_a_clone_is_changed_by_it() {
    let text = format!(
        "{SHARED}fn spawn_updater(filter: &Arc<RwLock<Filter>>) {{ let mine = Arc::clone(filter);\n\
         tokio::spawn(async move {{ loop {{ updater(&mine).await; tokio::time::sleep(std::time::Duration::from_secs(300)).await; }} }}); }}\n\
         async fn updater(filter: &Arc<RwLock<Filter>>) {{ filter.write().unwrap().names = vec![]; }}\n\
         #[tokio::main] async fn main() {{\nlet filter = Arc::new(RwLock::new(Filter::default()));\nspawn_updater(&filter);\n\
         let other = Arc::new(RwLock::new(Filter::default()));\n\
         let app: Router = Router::new().route(\"/\", get(list)).with_state(App {{ filter, other: other.clone() }}); drop(app); }}\n"
    );
    let found = shared(&text);
    // The variables of `main` are the fields.
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(changed(&found, "App.filter"), (vec!["updater".to_owned()], vec!["updater".to_owned()]));
    assert_eq!(changed(&found, "App.other"), (vec![], vec![]));
}

#[test]
fn a_function_that_is_given_several_is_told_where_it_is_called() {
    let text = format!(
        "{SHARED}fn refill(filter: &Arc<RwLock<Filter>>) {{ filter.write().unwrap().names = vec![]; }}\n\
         fn count(filter: &Arc<RwLock<Filter>>) -> usize {{ filter.read().unwrap().names.len() }}\n\
         async fn first(State(s): State<App>) {{ refill(&s.filter); count(&s.other); }}\n\
         async fn second(State(s): State<App>) {{ refill(&s.other); count(&s.filter); }}\n\
         #[tokio::main] async fn main() {{\nlet app: Router = Router::new().route(\"/\", get(list)).route(\"/first\", get(first)).route(\"/second\", get(second))\n\
         .with_state(App {{ filter: Arc::default(), other: Arc::default() }}); drop(app); }}\n"
    );
    let found = shared(&text);
    assert_eq!(changed(&found, "App.filter"), (vec!["first".to_owned()], vec!["GET /first".to_owned()]));
    assert_eq!(changed(&found, "App.other"), (vec!["second".to_owned()], vec!["GET /second".to_owned()]));
}

#[test]
fn what_a_closure_does_with_a_clone_of_a_field_is_done_to_the_field() {
    let text = format!(
        "{SHARED}impl App {{ fn renew(&self) {{ let cell = self.filter.clone(); let seen = self.other.clone();\n\
         tokio::spawn(async move {{ *cell.write().unwrap() = Filter::default(); println!(\"{{}}\", seen.read().unwrap().names.len()); }}); }} }}\n\
         #[tokio::main] async fn main() {{ let app = App {{ filter: Arc::default(), other: Arc::default() }}; app.renew(); }}\n"
    );
    let found = shared(&text);
    assert_eq!(changed(&found, "App.filter").0, ["renew"]);
    assert_eq!(changed(&found, "App.other").0, [""; 0]);
}

#[test]
fn what_a_spawned_closure_does_is_done_by_its_task_and_not_by_whoever_spawns_it() {
    let of = |end: &str, more: &str| {
        let text = format!(
            "{SHARED}fn open() -> App {{\n let filter = Arc::new(RwLock::new(Filter::default()));\n let mine = filter.clone();\n\
             tokio::spawn(async move {{\n loop {{\n tokio::time::sleep(std::time::Duration::from_secs(9)).await;\n {end}\n }}\n }});\n {more}\n\
             App {{ filter, other: Arc::default() }}\n}}\n\
             #[tokio::main] async fn main() {{ let app: Router = Router::new().route(\"/\", get(list)).with_state(open()); drop(app); }}\n"
        );
        changed(&shared(&text), "App.filter").1
    };
    let clear = "mine.write().unwrap().names.clear();";
    assert_eq!(of(clear, ""), ["spawn"]);
    assert_eq!(of("println!();", clear), ["main"]);
}

#[test]
fn a_clone_in_another_struct_is_used_by_its_methods() {
    let of = |more: &str| {
        let text = format!(
            "{SHARED}struct Stats {{ running: Arc<AtomicUsize> }}\nstruct Run {{ counter: Arc<AtomicUsize> }}\n\
             impl Run {{ fn start(stats: &Stats) -> Run {{ let run = Run {{ counter: stats.running.clone() }}; run.counter.fetch_add(1, Ordering::Relaxed); run }} {more} }}\n\
             impl Drop for Run {{ fn drop(&mut self) {{ self.counter.fetch_sub(1, Ordering::Relaxed); }} }}\n\
             fn main() {{ let stats = Stats {{ running: Arc::new(AtomicUsize::new(0)) }}; let run = Run::start(&stats); drop(run); {} }}\n",
            if more.is_empty() { "" } else { "Run::apart();" },
        );
        changed(&shared(&text), "Stats.running").0
    };
    assert_eq!(of(""), ["start", "drop"]);
    // Which of the two counters a run has is not known then.
    assert_eq!(of("fn apart() { drop(Run { counter: Arc::new(AtomicUsize::new(0)) }); }"), [""; 0]);
}

#[test]
fn two_fields_that_are_given_clones_of_one_variable_are_one_thing() {
    let of = |second: &str| {
        let text = format!(
            "{SHARED}struct Reader {{ filter: Arc<RwLock<Filter>> }}\nstruct Writer {{ filter: Arc<RwLock<Filter>> }}\n\
             impl Writer {{ fn write(&self) {{ self.filter.write().unwrap().names.clear(); }} }}\n\
             impl Reader {{ fn read(&self) -> usize {{ self.filter.read().unwrap().names.len() }} }}\n\
             fn main() {{ let filter = Arc::new(RwLock::new(Filter::default()));\n\
             let reader = Reader {{ filter: filter.clone() }};\nlet writer = Writer {{ filter: {second} }}; writer.write(); reader.read(); }}\n"
        );
        let found = shared(&text);
        (found.iter().filter(|item| !item.name.starts_with("App.")).count(), changed(&found, "Reader.filter").0)
    };
    assert_eq!(of("filter"), (1, vec!["write".to_owned()]));
    assert_eq!(of("Arc::new(RwLock::new(Filter::default()))"), (2, vec![]));
}
