//! `statemap check --baseline`: start from today's state and refuse additions only.

use crate::project::Project;

const ONE: &str = "use std::sync::Mutex;\nstatic ORDERS: Mutex<Vec<u32>> = Mutex::new(Vec::new());\nfn main() {\n    ORDERS.lock().unwrap().push(1);\n}\n";

fn with(name: &str) -> String {
    ONE.replace("fn main", &format!("pub static {name}: Mutex<u32> = Mutex::new(0);\nfn main"))
}

/// A tree whose map is not looked at.
fn project() -> Project {
    let project = Project::shop(ONE);
    project.write("statemap.toml", "[policy]\nstale = \"allow\"\n");
    project
}

#[test]
fn what_is_there_today_passes_and_what_comes_is_refused() {
    let project = project();
    project
        .run(&["check", "--write-baseline"])
        .ends(0)
        .says(&["statemap-baseline.txt: 1 piece of state", "baseline = \"statemap-baseline.txt\""]);
    let text = project.read("statemap-baseline.txt");
    assert!(text.starts_with("# ") && text.ends_with("\nstatic:shop::ORDERS\n"), "{text}");
    project.run(&["check", "--baseline", "statemap-baseline.txt"]).ends(0);
    project.write("src/main.rs", with("PAID"));
    let out = project.run(&["check", "--baseline", "statemap-baseline.txt"]).ends(1).out;
    assert!(out.contains("static:shop::PAID") && !out.contains("ORDERS"), "{out}");
    // Named in the policy, it needs no argument.
    project.run(&["check"]).ends(0);
    project.write("statemap.toml", "[policy]\nstale = \"allow\"\nbaseline = \"statemap-baseline.txt\"\n");
    project.run(&["check"]).ends(1);
    project.run(&["check", "--write-baseline"]).ends(0);
    assert!(project.read("statemap-baseline.txt").ends_with("\nstatic:shop::ORDERS\nstatic:shop::PAID\n"));
    project.run(&["check"]).ends(0);
}

#[test]
fn an_annotation_mends_an_addition_and_takes_it_off_the_next_baseline() {
    let project = project();
    project.write("src/main.rs", with("PAID"));
    project.run(&["check", "--write-baseline", "--baseline", "known.txt"]).ends(0);
    project.write(
        "statemap.toml",
        "[policy]\nstale = \"allow\"\nbaseline = \"known.txt\"\n\n[[state]]\nid = \"static:shop::PAID\"\nowner = \"checkout\"\n",
    );
    let out = project.run(&["check"]).ends(0).out;
    assert!(out.contains("warning[baseline]: `static:shop::PAID` is annotated and needs no place in the baseline any more"), "{out}");
    assert!(out.contains("known.txt:4") && out.contains("--write-baseline"), "{out}");
    project.run(&["check", "--write-baseline"]).ends(0);
    assert_eq!(project.run(&["check"]).ends(0).out, "");
}

#[test]
fn entries_that_are_gone_from_the_code_are_told() {
    let project = project();
    project.write("known.txt", "static:shop::ORDERS\nstatic:shop::GONE\ncache:shop::GONE\n");
    let out = project.run(&["check", "--baseline", "known.txt"]).ends(0).out;
    assert!(out.contains("2 entries of the baseline are not needed any more: 2 are gone from the code, 0 are annotated"), "{out}");
}

#[test]
fn a_baseline_that_is_not_there_is_a_mistake_of_the_command_line() {
    let project = project();
    project.run(&["check", "--baseline", "none.txt"]).ends(2).says(&["there is no baseline `none.txt`", "--write-baseline"]);
}

#[test]
fn a_stale_map_is_no_matter_of_the_baseline() {
    let project = Project::shop(ONE);
    project.run(&["gen"]).ends(0);
    project.run(&["check", "--write-baseline"]).ends(0);
    project.write("src/main.rs", with("PAID"));
    let out = project.run(&["check", "--baseline", "statemap-baseline.txt"]).ends(1).out;
    assert!(out.contains("stale-map") && out.contains("undocumented"), "{out}");
}
