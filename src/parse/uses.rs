//! `use` trees, flattened.

use syn::UseTree;

use super::name;
use crate::facts::{Name, UseFact};

/// The leaves of a tree in source order.
pub(super) fn leaves(item: &syn::ItemUse) -> Vec<UseFact> {
    let mut out = Vec::new();
    flatten(&item.tree, item.leading_colon.is_some(), &mut Vec::new(), &mut out);
    out
}

fn flatten(tree: &UseTree, global: bool, prefix: &mut Vec<Name>, out: &mut Vec<UseFact>) {
    match tree {
        UseTree::Path(_) => {
            // A long path is a long chain of boxes.
            let depth = prefix.len();
            let mut tree = tree;
            while let UseTree::Path(path) = tree {
                prefix.push(name(&path.ident));
                tree = &path.tree;
            }
            flatten(tree, global, prefix, out);
            prefix.truncate(depth);
        }
        UseTree::Name(leaf) => {
            let path = leaf_path(prefix, name(&leaf.ident));
            let name = path.last().cloned().unwrap_or_default();
            out.push(UseFact { path, global, name, glob: false });
        }
        UseTree::Rename(leaf) => {
            let path = leaf_path(prefix, name(&leaf.ident));
            out.push(UseFact { path, global, name: name(&leaf.rename), glob: false });
        }
        UseTree::Glob(_) => out.push(UseFact { path: prefix.clone(), global, name: Name::default(), glob: true }),
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, global, prefix, out);
            }
        }
    }
}

/// `x::{self}` is `x`; a lone `self` stays.
fn leaf_path(prefix: &[Name], leaf: Name) -> Vec<Name> {
    let mut path = prefix.to_vec();
    if leaf != "self" || path.is_empty() {
        path.push(leaf);
    }
    path
}

#[cfg(test)]
mod tests {
    use crate::facts::ItemKind;
    use crate::parse::tests::item;

    fn shown(text: &str) -> Vec<String> {
        let ItemKind::Use(leaves) = item(text).kind else { panic!("a use") };
        leaves
            .iter()
            .map(|leaf| {
                let path = leaf.path.join("::");
                format!("{}{path}{} as {}", if leaf.global { "::" } else { "" }, if leaf.glob { "::*" } else { "" }, leaf.name)
            })
            .collect()
    }

    #[test]
    fn groups_aliases_and_globs_become_leaves() {
        assert_eq!(
            shown("use a::{self, b as c, d::{E as _, *}, self as f};"),
            ["a as a", "a::b as c", "a::d::E as _", "a::d::* as ", "a as f"]
        );
        assert_eq!(shown("pub use ::x::r#type;"), ["::x::type as type"]);
        assert_eq!(shown("use {crate::a, super::*};"), ["crate::a as a", "super::* as "]);
    }
}
