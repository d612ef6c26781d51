//! Code that nests without end, in every way that code can nest: each shape 100,000 times, all in one service.

use crate::project::{MANIFEST, Project};

const TIMES: usize = 100_000;

/// Before, the repeated part, the middle, the repeated end, behind.
const SHAPES: [(&str, [&str; 5]); 42] = [
    ("parentheses", ["fn f() { ", "(", "1", ")", "; }"]),
    ("blocks", ["fn f() ", "{", "", "}", ""]),
    ("array_values", ["fn f() { ", "[", "1", "; 1]", "; }"]),
    ("else_ifs", ["fn f() { if a {} ", "else if a { b() } ", "", "", "}"]),
    ("ifs", ["fn f() { ", "if let Some(x) = y {", "1", "}", " }"]),
    ("let_chains", ["fn f() { if a", " && let Some(x) = y", "", "", " {} }"]),
    ("let_elses", ["fn f() { ", "let Some(x) = y else {", "1", "};", " }"]),
    ("matches", ["fn f() { ", "match a { _ => ", "1", "}", "}"]),
    ("loops", ["fn f() { ", "'a: loop {", "1", "}", " }"]),
    ("asyncs", ["fn f() { ", "async {", "1", "}", "; }"]),
    ("closures", ["fn f() { ", "|a| ", "1", "", "; }"]),
    ("closure_blocks", ["fn f() { ", "|a| {", "1", "}", "; }"]),
    ("bars", ["fn f() { ", "||", "1", "", "; }"]),
    ("macro_calls", ["fn f() { ", "a!(", "1", ")", "; }"]),
    ("vectors", ["fn f() { ", "vec![", "1", "]", "; }"]),
    ("macro_items", ["", "a! { ", "", "}", ""]),
    ("sums", ["fn f() { 1", "+1", "", "", "; }"]),
    ("constants", ["static A: Mutex<u32> = Mutex::new(1", "+1", "", "", ");"]),
    ("ors", ["fn f() { a", "|| a", "", "", "; }"]),
    ("assignments", ["fn f() { x", " = x", "", "", "; }"]),
    ("nots", ["fn f() { ", "!", "a", "", "; }"]),
    ("references", ["fn f() { ", "&", "a", "", "; }"]),
    ("methods", ["fn f() { a", ".b().c()", "", "", "; }"]),
    ("fields", ["fn f() { a", ".b", "", "", "; }"]),
    ("awaits", ["fn f() { a", ".await", "", "", "; }"]),
    ("questions", ["fn f() { a", "?", "", "", "; }"]),
    ("indices", ["fn f() { a", "[0]", "", "", "; }"]),
    ("calls", ["fn f() { a", "()", "", "", "; }"]),
    ("casts", ["fn f() { a", " as u8", "", "", "; }"]),
    ("struct_values", ["fn f() { ", "A { a: ", "1", "}", "; }"]),
    ("generics", ["static X: ", "Vec<", "u8", ">", " = 1;"]),
    ("type_arguments", ["fn f() { ", "a::<", "u8", ">()", "; }"]),
    ("bounds", ["fn f<T: ", "A<B=", "u8", ">", ">() {}"]),
    ("trait_objects", ["static X: Box<", "dyn A<B = Box<", "u8", ">>", "> = 1;"]),
    ("tuple_types", ["static X: ", "(", "u8", ",)", " = 1;"]),
    ("array_types", ["static X: ", "[", "u8", "; 1]", " = 1;"]),
    ("patterns", ["fn f() { let ", "Some(", "x", ")", " = y; }"]),
    ("reference_patterns", ["fn f() { let ", "&", "x", "", " = y; }"]),
    ("attributes", ["#[a", "(b", "", ")", "]\nfn f() {}"]),
    ("modules", ["", "mod a {", "", "}", ""]),
    ("functions", ["", "fn f() {", "", "}", ""]),
    ("impls", ["", "impl A { fn f() {", "", "}}", ""]),
];

#[test]
fn code_that_nests_without_end_is_told_and_the_rest_is_mapped() {
    let project = Project::empty();
    project.write("Cargo.toml", MANIFEST);
    let mods: String = SHAPES.iter().map(|(name, _)| format!("mod {name};\n")).collect();
    project.write(
        "src/main.rs",
        format!("{mods}static HITS: std::sync::Mutex<u32> = std::sync::Mutex::new(0);\nfn main() {{ HITS.lock(); }}\n"),
    );
    for (name, [before, open, middle, close, behind]) in SHAPES {
        // A file that is too deep is scanned for what a glance can tell.
        let text = format!("{before}{}{middle}{}{behind}\nstatic BELOW: u8 = 0;\n", open.repeat(TIMES), close.repeat(TIMES));
        project.write(&format!("src/{name}.rs"), text);
    }
    let map = project.run(&["gen", "--format", "json"]).ends(0).json();
    let items: Vec<&str> = map["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect();
    assert!(items.contains(&"HITS"), "{items:?}");
    let told = map["diagnostics"].as_array().unwrap();
    let is_told = |name: &str| {
        told.iter().any(|found| {
            found["file"] == format!("src/{name}.rs")
                && found["message"].as_str().unwrap().contains("nested too deeply to be parsed: more than ")
        })
    };
    let untold: Vec<&str> = SHAPES.iter().map(|(name, _)| *name).filter(|name| !is_told(name)).collect();
    assert_eq!(untold, [""; 0]);
    assert_eq!(map["coverage"]["unparsed"].as_u64(), Some(SHAPES.len() as u64));
}

#[test]
fn many_small_things_end_in_time() {
    let lines = |line: fn(usize) -> String, count: usize| (0..count).map(line).collect::<String>();
    let project =
        Project::shop("mod missing;\nmod comments;\nmod functions;\nmod arms;\nmod lets;\nmod caches;\nfn main() { caches::a1(); }\n");
    project.write("src/missing.rs", lines(|at| format!("mod a{at};\n"), TIMES));
    project.write(
        "src/comments.rs",
        "// statemap: owner = \"a\"\n".repeat(TIMES) + "static A: std::sync::Mutex<u8> = std::sync::Mutex::new(0);\n",
    );
    project.write("src/functions.rs", lines(|at| format!("pub fn a{at}() {{ a{}() }}\n", at * 7 % 5_000), 5_000));
    project.write("src/arms.rs", format!("fn f() {{ match a {{ a{} => 0, {} }} }}\n", " | a".repeat(TIMES), "_ => 1, ".repeat(TIMES)));
    project.write("src/lets.rs", format!("fn f() {{\n{}}}\n", lines(|at| format!("let a{at} = b{at} + c{at};\n"), 5_000)));
    // Each is an item of the same name, and asks who compares its age.
    project.write(
        "src/caches.rs",
        "pub struct FactoryCache(std::sync::Mutex<u64>);\nimpl FactoryCache {\npub const fn new() -> Self { Self(std::sync::Mutex::new(0)) }\n\
         pub fn call(&self) { *self.0.lock().unwrap() += 1; }\n}\n"
            .to_owned()
            + &lines(|at| format!("pub fn a{at}() {{ static SHARED: FactoryCache = FactoryCache::new(); SHARED.call(); a{}() }}\n", at + 1), 3_000),
    );
    project.write("hostile.service", format!("[Service]\nExecStart=/usr/bin/shop\n{}", "Environment=A=x\n".repeat(TIMES)));
    let outcome = project.run(&["gen", "-o", "-"]).ends(0).says(&["99950 more messages like the 50 shown above"]);
    assert!(outcome.err.len() < 200_000, "{} bytes", outcome.err.len());
}
