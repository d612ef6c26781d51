//! `statemap templates`, and what is said of templates that are wrong.

use crate::project::Project;

#[test]
fn all_templates_are_listed_and_copied_out_and_change_nothing_yet() {
    let project = Project::shop("fn main() { std::fs::write(\"/srv/x\", \"y\").unwrap(); }\n");
    let listed = project.run(&["templates", "list"]).ends(0).out;
    let before = project.run(&["gen", "-o", "-", "-q"]).ends(0).out;
    project.run(&["templates", "export"]).ends(0).says(&[
        "statemap-templates: ",
        " templates written",
        "statemap gen --templates statemap-templates",
    ]);
    let files = std::fs::read_dir(project.path("statemap-templates")).unwrap().count();
    assert_eq!(listed.lines().count(), files);
    assert!(listed.contains("item.md.tera") && listed.contains("an item with a heading of its own"), "{listed}");
    let with = project.run(&["gen", "-o", "-", "--templates", "statemap-templates"]).ends(0);
    assert_eq!(with.out, before);
    assert!(!with.err.contains("unused-template"), "{}", with.err);
}

#[test]
fn one_template_is_copied_by_name_and_a_changed_one_is_never_written_over() {
    let project = Project::shop("fn main() {}\n");
    project.run(&["templates", "export", "words", "--only", "item,page.md.tera"]).ends(0).says(&["words: 2 templates written"]);
    let text = project.read("words/item.md.tera");
    assert!(text.starts_with("{#- item.md.tera of statemap ") && text.contains("It sees: item."), "{text}");
    project.write("words/page.md.tera", "MINE {{ title }}\n");
    project
        .run(&["templates", "export", "words", "--only", "page"])
        .ends(0)
        .says(&["words/page.md.tera: is there and stays as it is; `--force`"]);
    assert!(project.run(&["gen", "-o", "-", "--templates", "words"]).ends(0).out.contains("\nMINE shop\n"));
    project.run(&["templates", "export", "words", "--only", "page", "--force"]).ends(0);
    assert!(!project.read("words/page.md.tera").contains("MINE"));
    project.run(&["templates", "export", "--only", "itm"]).ends(2).says(&["no template `itm`", "did you mean `item`?"]);
}

#[test]
fn a_template_that_fails_is_told_with_its_file_and_nothing_is_written() {
    let project = Project::shop("fn main() {}\n");
    project.write("words/page.md.tera", "# {{ title }}\n\n{{ openning.total }}\n");
    project.run(&["gen", "--templates", "words"]).ends(2).says(&[
        "template `page.md.tera` failed (`words/page.md.tera`)",
        "--> words/page.md.tera:3:4",
        "{{ openning.total }}",
        "did you mean `opening`?",
    ]);
    assert!(!project.exists("STATEMAP.md"));
}

#[test]
fn a_misnamed_template_is_a_warning_and_quiet_silences_it() {
    let project = Project::shop("fn main() {}\n");
    project.write("words/pages.md.tera", "x");
    let run = |args: &[&str]| project.run(args).ends(0).err;
    let told = run(&["gen", "-o", "-", "--templates", "words"]);
    assert!(told.contains("words/pages.md.tera") && told.contains("did you mean `page.md.tera`?"), "{told}");
    assert_eq!(run(&["gen", "-o", "-", "--templates", "words", "-q"]), "");
}
