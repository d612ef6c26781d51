//! `statemap init` and `statemap annotate`: what they write, and what they leave as it is.

use crate::project::{Project, fixture};

const SHOP: &str = "use std::sync::Mutex;\n\nstatic ORDERS: Mutex<Vec<u32>> = Mutex::new(Vec::new());\n\n\
    fn main() {\n    let _ = (std::env::var(\"SHOP_NAME\"), std::env::var(\"SHOP_PORT\"));\n    ORDERS.lock().unwrap().push(1);\n}\n";

#[test]
fn from_nothing_to_a_map_that_is_checked() {
    let project = Project::copy_of(&fixture("storefront"));
    for file in ["statemap.toml", "STATEMAP.md"] {
        std::fs::remove_file(project.path(file)).unwrap();
    }
    project.run(&["init"]).ends(0).says(&[
        "statemap.toml: written",
        "in 2 services found",
        "statemap gen",
        "statemap annotate",
        "statemap check",
    ]);
    let config = project.read("statemap.toml");
    for text in [
        "[service]",
        "path = \"STATEMAP.md\"",
        "# undocumented = \"allow\"",
        "\"storefront-api\", \"storefront-worker\"",
        "# id = \"session:",
    ] {
        assert!(config.contains(text), "{text} is not in\n{config}");
    }
    assert!(config.lines().count() < 50, "short:\n{config}");
    project.run(&["annotate"]).ends(0).says(&["stubs added"]);
    assert!(project.read("statemap.toml").starts_with(&config), "what was there stays");
    project.run(&["gen", "--quiet"]).ends(0);
    project.run(&["check"]).ends(0).says(&["all holds", "to be filled in"]);
    // Filled in, the stubs are all that the strictest usual policy asks for.
    let filled =
        project.read("statemap.toml").replace(" = \"\"", " = \"said\"").replace("# undocumented = \"allow\"", "undocumented = \"deny\"");
    project.write("statemap.toml", filled);
    project.run(&["gen", "--quiet"]).ends(0);
    project.run(&["check"]).ends(0);
}

#[test]
fn init_never_replaces_a_file_unless_forced() {
    let project = Project::shop(SHOP);
    project.write("statemap.toml", "[service\nbroken");
    project.run(&["init"]).ends(2).says(&["is there already", "statemap annotate", "--force"]);
    assert_eq!(project.read("statemap.toml"), "[service\nbroken");
    project.run(&["init", "--force"]).ends(0);
    assert!(project.read("statemap.toml").contains("name = \"shop\""));
    project.run(&["gen"]).ends(0);
}

#[test]
fn init_finds_the_maps_that_are_there() {
    let project = Project::shop(SHOP);
    project.run(&["gen", "-o", "docs/state.md"]).ends(0);
    project.write("README.md", "# Shop\n\n<!-- statemap:begin -->\n<!-- statemap:end -->\n");
    project.run(&["gen", "--format", "mdbook", "-o", "site"]).ends(0);
    project.run(&["init"]).ends(0);
    let config = project.read("statemap.toml");
    for text in
        ["[[output]]\npath = \"README.md\"", "[[output]]\npath = \"docs/state.md\"", "[[output]]\npath = \"site\"\nformat = \"mdbook\""]
    {
        assert!(config.contains(text), "{text} is not in\n{config}");
    }
    assert!(!config.contains("site/src"), "{config}");
    project.run(&["gen"]).ends(0);
    project.run(&["check"]).ends(0);
}

#[test]
fn init_in_a_tree_without_rust_writes_nothing() {
    let project = Project::empty();
    project.write("notes.txt", "nothing here\n");
    project.run(&["init", "."]).ends(3);
    assert!(!project.exists("statemap.toml"));
}

#[test]
fn annotate_makes_a_file_where_there_is_none_and_a_second_run_changes_nothing() {
    let project = Project::shop(SHOP);
    project.run(&["annotate"]).ends(0).says(&["2 stubs added for 3 pieces of state"]);
    let text = project.read("statemap.toml");
    let stubs = text.split_once("[[state]]").unwrap();
    assert!(stubs.0.contains("# `ORDERS`: ") && stubs.0.contains("; src/main.rs\n"), "{text}");
    assert!(text.contains("[[state]]\nid = \"static:shop::ORDERS\"\nowner = \"\"\ncontents = \"\"\non_loss = \"\"\n"), "{text}");
    assert!(
        text.contains("# 2 of kind startup-config: `SHOP_NAME`, `SHOP_PORT`\n[[state]]\nid = \"startup-config:*\"\nowner = \"\"\n"),
        "{text}"
    );
    project.run(&["annotate"]).ends(0).says(&["nothing to add; 2 stubs are to be filled in"]);
    assert_eq!(project.read("statemap.toml"), text);
    project.write("statemap.toml", text.replace("\"\"", "\"said\""));
    project.run(&["annotate"]).ends(0).says(&["nothing to add"]);
}

#[test]
fn a_dry_run_prints_the_stubs_and_writes_nothing() {
    let project = Project::shop(SHOP);
    let outcome = project.run(&["annotate", "--dry-run"]).ends(0).says(&["nothing was written"]);
    assert!(outcome.out.contains("[[state]]\nid = \"static:shop::ORDERS\"\n"), "{}", outcome.out);
    assert!(!project.exists("statemap.toml"));
}

#[test]
fn kinds_and_ids_choose_and_each_item_gets_its_own_stub() {
    let project = Project::shop(SHOP);
    let stubs = |args: &[&str]| project.run(&[&["annotate", "-n"], args].concat()).ends(0).out;
    let each = stubs(&["--kind", "startup-config"]);
    assert!(each.contains("id = \"startup-config:env#SHOP_NAME\"") && each.contains("#SHOP_PORT\"") && !each.contains("static:"), "{each}");
    let one = stubs(&["--id", "*#SHOP_P*"]);
    assert!(one.matches("[[state]]").count() == 1 && one.contains("#SHOP_PORT\""), "{one}");
    project.run(&["annotate", "--kind", "cahce"]).ends(2).says(&["unknown kind `cahce`"]);
    project.run(&["annotate", "--id", "cache:*"]).ends(2).says(&["no piece of state is meant"]);
    project.run(&["annotate", "--id", "cache:[ab"]).ends(2).says(&["is not a pattern"]);
}

#[test]
fn the_stubs_ask_for_what_the_policy_asks_for() {
    let project = Project::shop(SHOP);
    project.write(
        "statemap.toml",
        "[policy]\nundocumented = \"deny\"\nrequire = [\"static\"]\nrequire_keys = [\"owner\", \"runbook\"]\n\n[[state]]\nid = \"static:*\"\nowner = \"checkout\"\n",
    );
    let out = project.run(&["annotate", "-n"]).ends(0).out;
    assert!(out.ends_with("[[state]]\nid = \"static:shop::ORDERS\"\nrunbook = \"\"\n"), "{out}");
    assert!(!out.contains("startup-config"), "only what is required:\n{out}");
}

/// Everything that a hand may write: comments with and without blanks, odd spacing, quotes, inline tables, no line feed at the end.
const NASTY: &str = "# the first line   \r\n\r\n\r\n[service]   # what it is\r\nname='shop'\r\n   description = \"sells\\tthings\"\r\n\r\n\
    [policy]\r\nstateless = { except = [ 'static' , \"startup-config\",] } # odd, but ours\r\n\r\n#[[state]]\r\n#id = \"old\"\r\n\
    [[state]]\r\nid   =   \"startup-config:*\"\r\nowner = '''ops'''  \r\n\r\n# the last words";

#[test]
fn what_the_user_wrote_is_kept_byte_for_byte() {
    for text in
        [NASTY.to_owned(), NASTY.replace("\r\n", "\n"), format!("{}\n\n\n", NASTY.replace("\r\n", "\n")), format!("\u{feff}{NASTY}")]
    {
        let project = Project::shop(SHOP);
        project.write("statemap.toml", &text);
        project.run(&["annotate"]).ends(0).says(&["1 stub added for 1 piece of state"]);
        let new = project.read("statemap.toml");
        assert!(new.starts_with(&text), "{new:?}");
        let added = &new[text.len()..];
        assert!(added.contains("id = \"static:shop::ORDERS\""), "{added}");
        let (feeds, returns) = (added.matches('\n').count(), added.matches("\r\n").count());
        assert_eq!(returns, if text.contains("\r\n") { feeds } else { 0 });
        project.run(&["annotate"]).ends(0).says(&["nothing to add"]);
        assert_eq!(project.read("statemap.toml"), new);
    }
}

#[test]
fn entries_in_an_inline_array_get_company() {
    let project = Project::shop(SHOP);
    let text =
        "state = [ # all of them\n  { id = \"startup-config:*\", owner = \"ops\" } # no comma\n]\n\n[service]\nname = \"shop\" # last\n";
    project.write("statemap.toml", text);
    project.run(&["annotate"]).ends(0);
    let new = project.read("statemap.toml");
    assert!(new.starts_with("state = [ # all of them\n  { id = \"startup-config:*\", owner = \"ops\" } # no comma\n"), "{new}");
    assert!(new.ends_with("]\n\n[service]\nname = \"shop\" # last\n"), "{new}");
    project.run(&["annotate"]).ends(0).says(&["nothing to add; 1 stub is to be filled in"]);
}

#[test]
fn a_file_with_mistakes_is_not_touched() {
    let project = Project::shop(SHOP);
    project.write("statemap.toml", "[service]\nnmae = \"shop\"\n");
    project.run(&["annotate"]).ends(2).says(&["unknown key `nmae`"]);
    assert_eq!(project.read("statemap.toml"), "[service]\nnmae = \"shop\"\n");
}

#[test]
fn entries_that_match_nothing_are_taken_out_and_printed() {
    let project = Project::shop(SHOP);
    let kept = "[[state]]\nid = \"static:shop::ORDERS\"\nowner = \"checkout\"\n\n[[state]]\nid = \"startup-config:*\"\nignore = \"a demonstration\"\n";
    let gone = "# the old one\n[[state]]\nid = \"queue:shop::mail\"\non_loss = \"mails\"\n";
    project.write("statemap.toml", format!("{gone}\n{kept}"));
    project.run(&["gen", "--quiet"]).ends(0);
    assert!(project.run(&["check"]).ends(1).out.contains("`statemap annotate --prune`"));
    let dry = project.run(&["annotate", "--prune", "--dry-run"]).ends(0).says(&["1 entry that matches nothing; nothing was written"]);
    assert_eq!(dry.out, gone);
    project.run(&["annotate", "--prune"]).ends(0).says(&["1 entry that matches nothing; written"]);
    assert_eq!(project.read("statemap.toml"), kept);
    project.run(&["annotate", "--prune"]).ends(0).says(&["nothing to take out"]);
    project.run(&["gen"]).ends(0);
    project.run(&["check"]).ends(0);
}
