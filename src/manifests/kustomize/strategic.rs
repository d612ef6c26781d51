//! Strategic merge patches: a part of an object that is laid over the whole. Lists of containers, volumes and the like are merged
//! by name; other lists are replaced.

use std::sync::Arc;

use super::super::yaml::{Entry, Node, Value};

/// Keys by which members of a list are the same, by the name of the list.
const MERGE_KEYS: &[(&str, &str)] = &[
    ("containers", "name"),
    ("initContainers", "name"),
    ("ephemeralContainers", "name"),
    ("env", "name"),
    ("volumes", "name"),
    ("volumeMounts", "mountPath"),
    ("volumeDevices", "devicePath"),
    ("imagePullSecrets", "name"),
    ("secrets", "name"),
    ("hostAliases", "ip"),
    ("topologySpreadConstraints", "topologyKey"),
];

/// Lays a patch over an object; none when the patch deletes it. Lists of objects that Kubernetes does not know (`known`) are
/// replaced whole.
pub(super) fn merge(base: &Arc<Node>, patch: &Arc<Node>, known: bool) -> Option<Arc<Node>> {
    over(base, patch, "", known)
}

fn over(base: &Arc<Node>, patch: &Arc<Node>, name: &str, known: bool) -> Option<Arc<Node>> {
    match (&base.value, &patch.value) {
        (Value::Map(old), Value::Map(new)) => match patch.text_of("$patch") {
            Some("delete") => None,
            Some("replace") => Some(without_directives(patch)),
            _ => Some(maps(base, old, new, known)),
        },
        (Value::List(old), Value::List(new)) => Some(lists(base, old, patch, new, name, known)),
        _ => Some(without_directives(patch)),
    }
}

fn maps(base: &Node, old: &[Entry], new: &[Entry], known: bool) -> Arc<Node> {
    let mut entries: Vec<Entry> = old.to_vec();
    for entry in new.iter().filter(|entry| !entry.key.starts_with('$')) {
        let at = entries.iter().rposition(|known| known.key == entry.key);
        if entry.node.is_null() {
            entries.retain(|known| known.key != entry.key);
            continue;
        }
        let node = match at {
            Some(at) => over(&entries[at].node, &entry.node, &entry.key, known),
            None => is_delete(&entry.node).then_some(()).map_or_else(|| Some(without_directives(&entry.node)), |()| None),
        };
        match (at, node) {
            (Some(at), Some(node)) => {
                // The key stays where the base says it, unless the whole value is the patch's.
                let own = matches!(node.value, Value::Scalar { .. }) || Arc::ptr_eq(&node, &entry.node);
                let (place, home) = if own { (entry.at, entry.home) } else { (entries[at].at, entries[at].home) };
                entries[at] = Entry { key: entry.key.clone(), at: place, home, node };
            }
            (None, Some(node)) => entries.push(Entry { node, ..entry.clone() }),
            (_, None) => entries.retain(|known| known.key != entry.key),
        }
    }
    Arc::new(Node::made(Value::Map(entries), base.at))
}

fn lists(base: &Node, old: &[Arc<Node>], patch: &Arc<Node>, new: &[Arc<Node>], name: &str, known: bool) -> Arc<Node> {
    // `ports` of a pod go by one key, those of a service by another.
    let ports = ["containerPort", "port"].into_iter().find(|key| new.iter().any(|member| member.get(key).is_some()));
    let key = MERGE_KEYS.iter().find(|(list, _)| *list == name).map(|(_, key)| *key).or(ports.filter(|_| name == "ports"));
    let replaces = new.iter().any(|member| member.text_of("$patch") == Some("replace"));
    let Some(key) = key.filter(|_| known && !replaces) else { return without_directives(patch) };
    let mut members: Vec<Arc<Node>> = old.to_vec();
    let mut added: Vec<Arc<Node>> = Vec::new();
    for member in new {
        let Some(wanted) = member.text_of(key) else { continue };
        match members.iter().position(|known| known.text_of(key) == Some(wanted)) {
            Some(at) => match over(&members[at], member, "", known) {
                Some(node) => members[at] = node,
                None => {
                    members.remove(at);
                }
            },
            None if is_delete(member) => {}
            None => added.push(without_directives(member)),
        }
    }
    // New members come first, as Kubernetes does it.
    added.extend(members);
    Arc::new(Node::made(Value::List(added), base.at))
}

fn is_delete(node: &Node) -> bool {
    node.text_of("$patch") == Some("delete")
}

/// A patch as a value: what only directs the merge is left out.
fn without_directives(node: &Arc<Node>) -> Arc<Node> {
    let is_directive = |node: &Node| node.entries().iter().any(|entry| entry.key.starts_with('$'));
    match &node.value {
        Value::Map(entries) if is_directive(node) => {
            let kept = entries.iter().filter(|entry| !entry.key.starts_with('$')).cloned().collect();
            Arc::new(Node::made(Value::Map(kept), node.at))
        }
        Value::List(items) if items.iter().any(|item| is_directive(item)) => {
            let kept = items.iter().filter(|item| item.get("$patch").is_none()).cloned().collect();
            Arc::new(Node::made(Value::List(kept), node.at))
        }
        _ => node.clone(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::super::yaml::{parse, parse_file};
    use super::*;

    /// A node in short: `{a:1@2, b:[x@3]}`, scalars with their lines, `!` for a line of the patch.
    pub(in super::super) fn short(node: &Node) -> String {
        match &node.value {
            Value::Scalar { text, .. } => format!("{text}@{}{}", node.at.line, if node.at.file > 1 { "!" } else { "" }),
            Value::List(items) => format!("[{}]", items.iter().map(|item| short(item)).collect::<Vec<_>>().join(", ")),
            Value::Map(entries) => {
                let say = |entry: &Entry| format!("{}:{}", entry.key, short(&entry.node));
                format!("{{{}}}", entries.iter().map(say).collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn merged(base: &str, patch: &str) -> String {
        let base = parse_file(base, 1).roots[0].clone();
        let patch = parse_file(patch, 2).roots[0].clone();
        merge(&base, &patch, true).map_or_else(|| "deleted".to_owned(), |node| short(&node))
    }

    #[test]
    fn maps_are_merged_and_values_know_who_wrote_them() {
        assert_eq!(merged("a: 1\nb: {c: 2, d: 3}\n", "b:\n  d: 4\n  e: 5\n"), "{a:1@1, b:{c:2@2, d:4@2!, e:5@3!}}");
        assert_eq!(merged("a: 1\nb: 2\n", "a: null\n"), "{b:2@2}");
    }

    #[test]
    fn lists_go_by_name_or_are_replaced() {
        assert_eq!(
            merged(
                "containers:\n- {name: a, image: x}\n- {name: b}\nargs: [1, 2]\n",
                "containers:\n- {name: b, image: y}\n- {name: c}\nargs: [3]\n"
            ),
            "{containers:[{name:c@3!}, {name:a@2, image:x@2}, {name:b@2!, image:y@2!}], args:[3@4!]}"
        );
        assert_eq!(merged("env: [{name: A, value: 1}]", "env: [{name: A, $patch: delete}]"), "{env:[]}");
        assert_eq!(merged("env: [{name: A}, {name: B}]", "env: [{$patch: replace}, {name: C}]"), "{env:[{name:C@1!}]}");
        assert_eq!(merged("ports: [{port: 80, name: a}]", "ports: [{port: 80, name: b}]"), "{ports:[{port:80@1!, name:b@1!}]}");
    }

    #[test]
    fn directives_delete_and_replace() {
        assert_eq!(merged("a: 1\n", "$patch: delete\n"), "deleted");
        assert_eq!(merged("a: {b: 1}\n", "a: {$patch: delete}\n"), "{}");
        assert_eq!(merged("a: {b: 1}\n", "a: {$patch: replace, c: 2}\n"), "{a:{c:2@1!}}");
        assert_eq!(merged("x: 1\n", "a: {$patch: delete}\n"), "{x:1@1}");
    }

    #[test]
    fn lists_of_unknown_objects_are_replaced() {
        let base = parse("containers: [{name: a}]").roots[0].clone();
        let patch = parse("containers: [{name: b}]").roots[0].clone();
        assert_eq!(short(&merge(&base, &patch, false).unwrap()), "{containers:[{name:b@1}]}");
    }
}
