//! The `statemap` command.
#![allow(clippy::print_stdout)]
fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).unwrap_or(".".into());
    let tree = statemap::source::DirTree::open(&path)?;
    let rev = statemap::source::revision(tree.root());
    let options = statemap::Options { include: Default::default(), threads: None, today: jiff::civil::date(2026, 11, 21) };
    let analysis = statemap::analyze(&tree, &rev, &options)?;
    println!("{}", serde_json::to_string_pretty(&analysis.map)?);
    Ok(())
}
