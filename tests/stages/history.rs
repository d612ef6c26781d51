//! The changelog of a map: what came and went from release to release, or from commit to commit.

use gix::refs::transaction::PreviousValue;
use statemap::history::{Step, history};
use statemap::progress::Silent;
use statemap::source::git::Repository;

use crate::project::Project;
use crate::project::git::History;
use crate::stages::revisions::options;

fn with(statics: &[&str]) -> String {
    let declared: String =
        statics.iter().map(|name| format!("static {name}: std::sync::Mutex<Vec<u8>> = std::sync::Mutex::new(Vec::new());\n")).collect();
    let used: String = statics.iter().map(|name| format!("    {name}.lock().unwrap().push(1);\n")).collect();
    format!("{declared}fn main() {{\n{used}}}\n")
}

fn told(steps: &[Step]) -> Vec<String> {
    let names = |told: &[statemap::history::Told]| told.iter().map(|one| one.name.to_string()).collect::<Vec<_>>().join(",");
    steps.iter().map(|step| format!("{}..{} +{} -{}", step.since, step.name, names(&step.added), names(&step.removed))).collect()
}

#[test]
fn releases_are_compared_when_there_are_tags_and_commits_when_there_are_none() {
    let project = Project::shop(&with(&["ONE"]));
    let repository = History::of(&project);
    let mut commits = Vec::new();
    let later: [&[&str]; 4] = [&["ONE"], &["ONE", "TWO"], &["ONE", "TWO", "THREE"], &["TWO", "THREE"]];
    for statics in later {
        project.write("src/main.rs", with(statics));
        commits.push(repository.commit(project.root()));
    }
    // A commit that touches nothing of it.
    let found = Repository::find(project.root()).unwrap();
    let steps = history(&found, &options(), 10, &Silent).unwrap().unwrap().steps;
    let short: Vec<&str> = commits.iter().map(|commit| &commit[..10]).collect();
    let expected = [
        format!("{}..{} + -ONE", short[2], short[3]),
        format!("{}..{} +THREE -", short[1], short[2]),
        format!("{}..{} +TWO -", short[0], short[1]),
    ];
    assert_eq!(told(&steps), expected);
    assert_eq!((steps[0].day.as_str(), steps[0].subject.as_str()), ("2023-11-14", "a change"));
    assert_eq!(told(&history(&found, &options(), 1, &Silent).unwrap().unwrap().steps), expected[..1], "no more than asked for");

    for (tag, at) in [("v1.0", 0), ("v1.1", 2)] {
        let id = gix::ObjectId::from_hex(commits[at].as_bytes()).unwrap();
        repository.repository.tag_reference(tag, id, PreviousValue::Any).unwrap();
    }
    let found = Repository::find(project.root()).unwrap();
    let steps = history(&found, &options(), 10, &Silent).unwrap().unwrap().steps;
    assert_eq!(told(&steps), ["v1.1..HEAD + -ONE", "v1.0..v1.1 +THREE,TWO -"]);
}

#[test]
fn commits_beside_the_folder_are_no_steps_of_it() {
    let project = Project::empty();
    project.write("shop/Cargo.toml", crate::project::MANIFEST);
    project.write("shop/src/main.rs", with(&["ONE"]));
    let repository = History::of(&project);
    repository.commit(project.root());
    project.write("README.md", "# Shop\n");
    repository.commit(project.root());
    project.write("shop/src/main.rs", with(&["ONE", "TWO"]));
    repository.commit(project.root());
    project.write("README.md", "# The shop\n");
    repository.commit(project.root());
    let found = Repository::find(&project.path("shop")).unwrap();
    assert_eq!(found.points(10).unwrap().len(), 2);
    let steps = history(&found, &options(), 10, &Silent).unwrap().unwrap().steps;
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0].added[0].name, "TWO");
}
